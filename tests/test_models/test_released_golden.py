"""Every step of the released graph gives the output that Keras recorded (tests/data/*.npz)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain import get_model

import convcut_mm  # noqa: F401

TOLERANCE = 1e-5  # of the recorded maximum


@pytest.fixture(scope='module')
def golden() -> dict:
    return dict(np.load(Path(__file__).parents[1] / 'data' / 'released_atto.npz'))


@pytest.fixture(scope='module')
def model(released_checkpoint):
    model = get_model('convcut-released-atto_rafdb', pretrained=str(released_checkpoint))
    weights = torch.load(released_checkpoint, weights_only=True)['state_dict']
    assert weights.keys() == model.state_dict().keys()
    return model


def steps(model, images: np.ndarray) -> dict:
    """Every recorded step, from RGB images (N, H, W, 3) of 0 to 255 on."""
    # pipelines hand over BGR, channels first
    bgr = torch.from_numpy(np.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2)))
    with torch.no_grad():
        x = model.data_preprocessor(dict(inputs=bgr))['inputs']
        backbone = model.backbone(x)
        patch = backbone[-1]
        for conv in model.neck.convs:
            patch = conv(patch)
        neck = model.neck(backbone)
        head = model.head
        return dict(
            backbone=nhwc(backbone[-1]),
            patch=nhwc(patch),
            neck=nhwc(neck[-1]),
            pooled=neck[-1].mean((2, 3)),
            embedding=head.tokens(neck),
            attended=head.pre_logits(neck),
            scores=head(neck).softmax(1),
        )


def nhwc(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1)


def assert_close(actual: torch.Tensor, recorded: np.ndarray) -> None:
    assert actual.shape == recorded.shape
    assert np.abs(actual.numpy() - recorded).max() <= TOLERANCE * np.abs(recorded).max()


@pytest.mark.parametrize(
    'step', ['backbone', 'patch', 'neck', 'pooled', 'embedding', 'attended', 'scores']
)
def test_step_in_the_batch(model, golden, step):
    assert_close(steps(model, golden['images'])[step], golden[step])


def test_steps_alone(model, golden):
    alone = [steps(model, golden['images'][i : i + 1]) for i in range(len(golden['images']))]
    assert_close(torch.cat([s['scores'] for s in alone]), golden['scores_alone'])
    # nothing before the attention may depend on the batch
    for step in ('backbone', 'patch', 'neck', 'pooled', 'embedding'):
        assert_close(torch.cat([s[step] for s in alone]), golden[step])


def test_batch_changes_the_probabilities(golden):
    """The recorded file itself shows the leak that the README speaks of."""
    assert np.abs(golden['scores'] - golden['scores_alone']).max() > 0.01


def test_predict_returns_the_recorded_probabilities(model, golden):
    bgr = torch.from_numpy(np.ascontiguousarray(golden['images'][..., ::-1].transpose(0, 3, 1, 2)))
    samples = model.val_step(dict(inputs=bgr))
    assert_close(torch.stack([s.pred_score for s in samples]).detach(), golden['scores'])
