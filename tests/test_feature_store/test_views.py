"""Views: what a pipeline can show of an image, and that an epoch samples the same views."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import RandomFlip, Resize
from mmpretrain.registry import TRANSFORMS

from convcut_mm.datasets import RAFDB
from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store.views import Views

LOAD = dict(type='LoadImageFromFile', imdecode_backend='pillow')
SIZE = dict(type='Resize', scale=(32, 28))
FLIP = dict(type='RandomFlip', prob=0.5)
PACK = dict(type='PackInputs')
THREE = ['horizontal', 'vertical', 'diagonal']


@TRANSFORMS.register_module(force=True)
class JitteredResize(Resize):
    """A subclass may be random."""


@TRANSFORMS.register_module(force=True)
class OftenFlip(RandomFlip):
    """A subclass may sample something else."""


def flips(prob, direction='horizontal') -> dict:
    return dict(type='RandomFlip', prob=prob, direction=direction)


@pytest.mark.parametrize(
    'flip, names',
    [
        (None, ['plain']),
        (flips(0.0), ['plain']),
        (flips(0.5), ['plain', 'horizontal']),
        (flips(1.0), ['horizontal']),
        (flips(0.5, 'vertical'), ['plain', 'vertical']),
        (flips(0.6, THREE), ['plain', *THREE]),
        (flips(1.0, THREE), THREE),
        (flips([0.3, 0.2], THREE[:2]), ['plain', *THREE[:2]]),
        (flips([0.0, 0.2], THREE[:2]), ['plain', 'vertical']),
        (flips([0.5, 0.5], THREE[:2]), THREE[:2]),
    ],
)
def test_names(transforms, flip, names):
    middle = [] if flip is None else [flip]
    assert Views(transforms([LOAD, SIZE, *middle, PACK]), 'train_dataloader').names == names


@pytest.mark.parametrize(
    'extra, name',
    [
        (dict(type='RandomCrop', crop_size=16), 'RandomCrop'),
        (dict(type='RandomResizedCrop', scale=16), 'RandomResizedCrop'),
        (dict(type='ColorJitter', brightness=0.1), 'ColorJitter'),
        (dict(type='RandomErasing'), 'RandomErasing'),
        (
            dict(
                type='RandAugment',
                policies='timm_increasing',
                num_policies=2,
                magnitude_level=9,
                total_level=10,
            ),
            'RandAugment',
        ),
        (dict(type='JitteredResize', scale=16), 'JitteredResize'),
        (flips(0.5, 'vertical'), 'RandomFlip'),
        (PACK, 'PackInputs'),
    ],
)
def test_other_transforms_are_refused_by_name(transforms, extra, name):
    built = transforms([LOAD, SIZE, FLIP, extra, PACK])
    with pytest.raises(
        ConvcutError, match=f'train_dataloader: .* does not support {name}: '
    ) as error:
        Views(built, 'train_dataloader')
    assert '\n' not in str(error.value)


def test_a_flip_that_may_sample_otherwise_is_refused(transforms):
    built = transforms([LOAD, SIZE, dict(type='OftenFlip', prob=0.5), PACK])
    with pytest.raises(ConvcutError, match='does not support OftenFlip: '):
        Views(built, 'train_dataloader')


def test_packing_comes_last(transforms):
    for some in ([], [LOAD, SIZE], [LOAD, PACK, SIZE]):
        with pytest.raises(ConvcutError, match='val_dataloader: .* needs PackInputs as last'):
            Views(transforms(some), 'val_dataloader')


PIPELINES = [
    [LOAD, SIZE, flips(0.5), PACK],
    [LOAD, flips(0.5), dict(type='ResizeEdge', scale=33), PACK],
    [LOAD, SIZE, dict(type='CenterCrop', crop_size=(25, 27)), flips(0.7, THREE), PACK],
    [LOAD, flips([0.3, 0.5], THREE[:2]), dict(type='CenterCrop', crop_size=(15, 17)), SIZE, PACK],
    [LOAD, flips(0.4), dict(type='Pad', size=(40, 40)), PACK],
    [LOAD, SIZE, flips(1.0), PACK],
    [LOAD, SIZE, PACK],
]


def datasets(root: Path, pipeline: list, **options) -> tuple:
    dataset = RAFDB(str(root), pipeline=pipeline, **options)
    return dataset, Views(list(dataset.pipeline.transforms), 'train_dataloader')


@pytest.mark.parametrize('pipeline', PIPELINES)
def test_image_is_what_the_pipeline_gives_for_that_view(written_once, pipeline):
    dataset, views = datasets(written_once, pipeline)
    seen = set()
    for epoch in range(40):
        dataset.set_epoch(3, epoch)
        real = dataset[5]
        info = real['data_samples'].metainfo
        view = info.get('flip_direction') or 'plain'
        ours = views.image(dataset.get_data_info(5), view)
        assert torch.equal(ours['inputs'], real['inputs'])
        assert ours['inputs'].dtype == real['inputs'].dtype
        for key in ('ori_shape', 'img_shape', 'img_path'):
            assert ours['data_samples'].metainfo[key] == info[key]
        seen.add(view)
    assert seen == set(views.names)


def test_views_differ(written_once):
    dataset, views = datasets(written_once, [LOAD, SIZE, flips(0.5, THREE), PACK])
    images = [views.image(dataset.get_data_info(0), view)['inputs'] for view in views.names]
    plain = images[0]
    for image, dims in zip(images[1:], [(2,), (1,), (1, 2)]):
        assert torch.equal(image, plain.flip(*dims)) and not torch.equal(image, plain)


@pytest.fixture
def hasty_threads():
    """Switch threads a thousand times as often, so that a race shows soon."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def test_views_are_the_same_in_many_threads(transforms, hasty_threads):
    views = Views(transforms([flips(0.5, THREE), PACK]), 'train_dataloader')
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    def look(view: str) -> list:
        return views.image(dict(img=image), view)['inputs'].tolist()

    expected = {view: look(view) for view in views.names}
    assert len(set(map(str, expected.values()))) == 4
    wanted = THREE * 8000
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look, wanted))
    assert found == [expected[view] for view in wanted]


@pytest.mark.parametrize('pipeline', PIPELINES)
def test_flips_and_data_samples_are_those_of_the_pipeline(written_once, pipeline):
    dataset, views = datasets(written_once, pipeline, duplicates='mark')
    assert 'duplicate' in dataset[0]['data_samples'].metainfo
    sampled_views = set()
    for seed, epoch in [(0, 0), (0, 1), (0, 2), (7, 0), (7, 1)]:
        dataset.set_epoch(seed, epoch)
        for idx in range(len(dataset)):
            real = dataset[idx]['data_samples']
            dataset.epoch_seed.seed_generators(idx)
            item = dataset.item_for_pipeline(idx)
            flip = views.sample_flip()
            view = flip.get('flip_direction') or views.names[0]
            meta = views.image(dataset.get_data_info(idx), view)['data_samples'].metainfo
            known = {key: meta[key] for key in meta if not key.startswith('flip')}
            ours = views.data_sample(item, known, flip)
            assert ours.metainfo == real.metainfo
            assert ours.keys() == real.keys()
            assert torch.equal(ours.gt_label, real.gt_label)
            sampled_views.add(view)
    assert sampled_views == set(views.names)


def test_a_flip_before_a_transform_is_not_one_after_it(transforms):
    before = Views(transforms([LOAD, FLIP, SIZE, PACK]), 'train_dataloader')
    after = Views(transforms([LOAD, SIZE, FLIP, PACK]), 'train_dataloader')
    assert before.pipeline() == after.pipeline()
    assert before.stored_name('plain') == after.stored_name('plain') == 'plain'
    assert before.stored_name('horizontal') != after.stored_name('horizontal') == 'horizontal'
