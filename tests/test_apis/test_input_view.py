"""The size that a test pipeline gives a face, and how much of the face it keeps."""

import pytest
from mmcv.transforms import BaseTransform, Compose
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS

from convcut_mm.apis.input_view import input_view
from convcut_mm.errors import ConvcutError


class Brighter(BaseTransform):
    """Changes no size."""

    def transform(self, results):
        return {**results, 'img': results['img'] + 1}


class Halved(BaseTransform):
    """Nobody knows whether it cuts or shrinks."""

    def transform(self, results):
        return {**results, 'img': results['img'][::2, ::2]}


class NeedsLabel(BaseTransform):
    def transform(self, results):
        return {**results, 'gt_label': results['gt_label'] + 1}


def view_of(*steps):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        pipeline = Compose(
            [
                TRANSFORMS.build(step if isinstance(step, dict) else dict(type=step))
                for step in ('LoadImageFromFile', *steps, 'PackInputs')
            ]
        )
    return tuple(input_view(pipeline.transforms))


@pytest.mark.parametrize(
    'steps,expected',
    [
        ([], (100, 1)),
        ([dict(type='Resize', scale=48)], (48, 1)),
        ([dict(type='Resize', scale=(60, 90), keep_ratio=True)], (60, 1)),
        ([dict(type='Resize', scale=(60, 90)), dict(type='ResizeEdge', scale=30)], None),
        ([dict(type='CenterCrop', crop_size=64)], (64, 0.64)),
        ([dict(type='CenterCrop', crop_size=120)], (100, 1)),
        ([dict(type='CenterCrop', crop_size=120, auto_pad=True)], (120, 1)),
        (
            [
                dict(type='ResizeEdge', scale=256, edge='short'),
                dict(type='CenterCrop', crop_size=224),
            ],
            (224, 0.875),
        ),
        ([dict(type='EfficientNetCenterCrop', crop_size=224)], (224, 0.875)),
        (
            [
                'NumpyToPIL',
                dict(type='torchvision/Resize', size=80),
                dict(type='torchvision/CenterCrop', size=60),
                'PILToNumpy',
            ],
            (60, 0.75),
        ),
        ([Brighter, dict(type='CenterCrop', crop_size=50), Brighter], (50, 0.5)),
    ],
)
def test_sizes(steps, expected):
    if expected is None:
        with pytest.raises(ConvcutError, match='gives 30x45 pixels, expected a square'):
            view_of(*steps)
    else:
        assert view_of(*steps) == expected


def test_what_is_not_known_is_named():
    with pytest.raises(ConvcutError, match="pipeline's Halved turns 100 pixels into 50, and"):
        view_of(Halved)
    with pytest.raises(ConvcutError, match="NeedsLabel fails on an image .* \\('gt_label'\\)"):
        view_of(NeedsLabel)
