"""A model computes the same on features as on images; what can't be stored is refused."""

import pytest
import torch
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS

from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import check_model, take_features


@MODELS.register_module(force=True)
class OwnPreprocessor(ClsDataPreprocessor):
    """A preprocessor that could do anything."""


@pytest.fixture
def batch(train_set, make_loader) -> dict:
    train_set.set_epoch(0, 0)
    return next(iter(make_loader(train_set, batch_size=6)))


def copied(batch: dict) -> dict:
    """Copy a batch: the preprocessor writes into the samples."""
    return dict(
        inputs=batch['inputs'], data_samples=[one.clone() for one in batch['data_samples']]
    )


@torch.no_grad()
def features(model, batch: dict) -> torch.Tensor:
    return model.backbone(model.data_preprocessor(copied(batch))['inputs'])[0]


def losses_and_gradients(model, batch: dict) -> tuple:
    model.train()
    model.zero_grad()
    torch.manual_seed(0)
    losses = model(**model.data_preprocessor(copied(batch), True), mode='loss')
    losses['loss'].backward()
    gradients = {
        name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None
    }
    return {key: value.detach() for key, value in losses.items()}, gradients


def test_losses_and_gradients_are_those_of_images(model, batch):
    expected = losses_and_gradients(model, batch)
    stored = dict(inputs=features(model, batch), data_samples=batch['data_samples'])
    take_features(model)
    found = losses_and_gradients(model, stored)
    assert expected[0]['loss'] > 0.1 and expected[1]
    assert not any(name.startswith('backbone') for name in expected[1])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_predictions_are_those_of_images(model, batch):
    model.eval()
    expected = model.test_step(copied(batch))
    stored = dict(inputs=features(model, batch), data_samples=batch['data_samples'])
    take_features(model)
    found = model.test_step(copied(stored))
    scores = [torch.stack([one.pred_score for one in some]) for some in (found, expected)]
    torch.testing.assert_close(*scores)
    assert scores[0].std() > 1e-3


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_short_numbers_are_computed_with_in_float32(model, batch, dtype):
    short = features(model, batch).to(dtype)
    take_features(model)
    inputs = model.data_preprocessor(dict(inputs=short))['inputs']
    assert inputs.dtype == torch.float32 and torch.equal(inputs, short.float())
    assert model.extract_feat(inputs)[0].dtype == torch.float32


def test_checkpoints_stay_those_of_the_whole_model(model, batch):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    take_images = take_features(model)
    for _ in range(2):
        after = model.state_dict()
        assert list(after) == list(before)
        assert all(torch.equal(after[key], before[key]) for key in before)
        if take_images is not None:
            take_images()
        take_images = None


def test_model_takes_images_again(model, batch):
    preprocessor = model.data_preprocessor
    expected = losses_and_gradients(model, batch)
    take_images = take_features(model)
    assert model.data_preprocessor is not preprocessor
    take_images()
    assert model.data_preprocessor is preprocessor
    torch.testing.assert_close(losses_and_gradients(model, batch), expected, rtol=0, atol=0)


def test_labels_are_prepared_as_before(make_model, batch):
    model = make_model(preprocessor=dict(to_onehot=True, num_classes=7))
    expected = model.data_preprocessor(copied(batch), True)['data_samples']
    stored = dict(inputs=features(model, batch), data_samples=batch['data_samples'])
    take_features(model)
    found = model.data_preprocessor(copied(stored), True)['data_samples']
    for one, other in zip(found, expected):
        assert one.gt_score.sum() == 1 and one.gt_score.shape == (7,)
        assert torch.equal(one.gt_score, other.gt_score)
        assert torch.equal(one.gt_label, other.gt_label)


def test_a_frozen_model_is_accepted_and_left_alone(model):
    for mode in (True, False):
        model.train(mode)
        before = {name: module.training for name, module in model.named_modules()}
        check_model(model)
        assert {name: module.training for name, module in model.named_modules()} == before


def refusal(model) -> str:
    with pytest.raises(ConvcutError) as error:
        check_model(model)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_a_backbone_that_learns_is_refused(model):
    model.backbone.stages[2][1].gamma.requires_grad_(True)
    text = refusal(model)
    assert 'TruncatedConvNeXt learns stages.2.1.gamma and 0 more' in text
    assert 'model.backbone.frozen=True' in text


def test_a_backbone_in_train_mode_is_refused(make_model):
    """Drop path and norms that follow the batches work without gradients too."""
    model = make_model(backbone=dict(drop_path_rate=0.5))
    check_model(model)
    model.backbone.frozen = False
    assert '.drop_path of TruncatedConvNeXt is in train mode while the model' in refusal(model)
    model.backbone.frozen = True
    model.backbone.train()
    check_model(model)

    class Waking(torch.nn.Dropout):
        def train(self, mode=True):
            return super().train(True)

    model.backbone.stages[1].append(Waking())
    assert 'stages.1.1 of TruncatedConvNeXt is in train mode' in refusal(model)


@pytest.mark.parametrize(
    'augments, names',
    [
        (dict(type='Mixup', alpha=0.8), 'Mixup'),
        ([dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)], 'Mixup, CutMix'),
    ],
)
def test_batch_augmentations_are_refused(make_model, augments, names):
    model = make_model(preprocessor=dict(num_classes=7, batch_augments=dict(augments=augments)))
    assert f'does not support {names}: ' in refusal(model)


@pytest.mark.parametrize('name', ['SelfSupDataPreprocessor', 'OwnPreprocessor'])
def test_other_preprocessors_are_refused(model, name):
    model.data_preprocessor = MODELS.build(dict(type=name))
    assert f'does not support {name}, only ClsDataPreprocessor' in refusal(model)
