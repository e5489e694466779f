"""Tests in chosen batches: the head on stored features agrees with the whole model."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image

from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.batch_audit import BatchTester

IMAGES = 10
BATCHES = [np.array(batch) for batch in ([7], [3, 0, 9, 1], [2, 8, 4, 5, 6])]


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        path = folder / 'ab'[number % 2] / f'{number}.png'
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(path)
    return DATASETS.build(
        dict(
            type='CustomDataset',
            data_prefix=str(folder),
            with_label=True,
            test_mode=True,
            pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
        )
    )


def make_tester(dataset, attention, norm=None) -> BatchTester:
    neck = dict(
        type='DetailExtractionNeck',
        in_channels=24,
        out_channels=16,
        num_layers=1,
        kernel_sizes=(2,),
        norm_cfg=norm or dict(type='LN2d', eps=1e-6),
        norm_position='after' if norm is None else 'before',  # where one image has positions left
    )
    head = dict(
        type='SelfAttentionClsHead',
        num_classes=2,
        in_channels=16,
        attention=attention,
        embedding=8,
    )
    arch = dict(depths=[1, 1, 1, 1], channels=[8, 16, 24, 32])
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(
            dict(
                type='ImageClassifier',
                data_preprocessor=dict(mean=[127.0] * 3, std=[60.0] * 3, to_rgb=True),
                backbone=dict(type='TruncatedConvNeXt', arch=arch),
                neck=neck,
                head=head,
            )
        )
    model.init_weights()
    model.head.fc.weight.data *= 20  # probabilities far from one half
    return BatchTester(model, dataset, {})


def by_hand(one: BatchTester) -> np.ndarray:
    probabilities = np.zeros((IMAGES, 2))
    for batch in BATCHES:
        inputs = torch.stack([one.dataset[i]['inputs'] for i in batch])
        with torch.no_grad():
            samples = one.model.test_step(dict(inputs=inputs))
        probabilities[batch] = torch.stack([sample.pred_score for sample in samples]).numpy()
    return probabilities


@pytest.mark.parametrize('attention', ['channel', 'spatial', 'batch', None])
def test_head_on_stored_features_equals_the_whole_model(dataset, attention):
    one = make_tester(dataset, attention)
    expected, seen = by_hand(one), []
    assert np.abs(one.probabilities(BATCHES) - expected).max() < 1e-6  # whole model
    one.store_features(batch_size=4, step=seen.append)
    assert seen == [4, 4, 2] and one.features_hold(BATCHES, 1e-4)
    seen.clear()
    assert np.abs(one.probabilities(BATCHES, seen.append) - expected).max() < 1e-5
    assert seen == [1, 4, 5]


def test_features_that_depend_on_the_batch_are_not_used(dataset):
    one = make_tester(dataset, None, norm=dict(type='BN', track_running_stats=False))
    one.store_features(batch_size=4)
    assert one.features is not None
    assert not one.features_hold(BATCHES, 1e-4) and one.features is None
    assert np.abs(one.probabilities(BATCHES) - by_hand(one)).max() < 1e-6


def test_model_without_features(dataset):
    """Any mmengine model will do."""
    one = make_tester(dataset, 'batch')
    whole = one.model

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = whole

        def test_step(self, data):
            return self.inner.test_step(data)

    other = BatchTester(Wrapped(), dataset, {})
    other.store_features(batch_size=4)
    assert other.features is None
    assert np.abs(other.probabilities(BATCHES) - by_hand(one)).max() < 1e-6


def test_labels(dataset, tmp_path):
    assert make_tester(dataset, None).labels().tolist() == [0] * 5 + [1] * 5
    Image.new('RGB', (32, 32)).save(tmp_path / 'one.png')
    unlabelled = DATASETS.build(
        dict(type='CustomDataset', data_prefix=str(tmp_path), with_label=False, pipeline=[])
    )
    with pytest.raises(ConvcutError, match='one class each'):
        BatchTester(torch.nn.Identity(), unlabelled, {}).labels()
