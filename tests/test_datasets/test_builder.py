"""Questions to a config's data set: grey or colour, and a description of its images."""

import pytest
from mmengine.config import Config

from convcut_mm.datasets.builder import describe_dataset, is_grey
from convcut_mm.errors import ConvcutError


def config(**settings) -> Config:
    return Config(dict(test_dataloader=dict(dataset=dict(pipeline=[], **settings))))


@pytest.mark.parametrize(
    'settings, grey',
    [
        (dict(type='FERPlus'), True),
        (dict(type='RAFDB'), False),
        (dict(type='CIFAR10'), False),
        (dict(type='RepeatDataset', dataset=dict(type='FERPlus')), True),
        (dict(type='FERPlus', metainfo=dict(grey=False)), False),
        (dict(type='RAFDB', metainfo=dict(grey=True)), True),
    ],
)
def test_the_data_set_says_whether_it_is_grey(settings, grey):
    assert is_grey(config(**settings)) is grey


def test_the_checkpoint_overrides_the_class_and_the_config_overrides_both():
    assert is_grey(config(type='RAFDB'), dict(grey=True))
    assert not is_grey(config(type='FERPlus'), dict(grey=False))
    assert is_grey(config(type='FERPlus'), dict(classes=('a',), grey=None))
    assert is_grey(config(type='RAFDB', metainfo=dict(grey=True)), dict(grey=False))


def test_a_pipeline_that_turns_images_grey():
    cfg = config(type='RAFDB')
    cfg.test_dataloader.dataset.pipeline = [dict(type='LoadImageFromFile', color_type='grayscale')]
    assert is_grey(cfg)
    with pytest.raises(ConvcutError, match='has no test_dataloader'):
        is_grey(Config(dict()))


def test_a_data_set_describes_itself():
    assert describe_dataset(dict(type='RAFDB', data_root='.', split='test')) == 'RAFDB, test'
    of_mmpretrain = dict(type='CIFAR10', data_root='.', split='train')
    assert describe_dataset(of_mmpretrain) == 'CIFAR10, train'
