"""Options that the tools share."""

import argparse

import pytest
from mmengine.config import Config

from convcut_mm.cli.options import add_cfg_options
from convcut_mm.utils.config import merge_options


def config() -> Config:
    data = dict(type='RAFDB', data_root='data/rafdb')
    return Config(
        dict(
            data_root='data/rafdb',
            train_dataloader=dict(dataset=dict(type='RepeatDataset', times=2, dataset=dict(data))),
            val_dataloader=dict(
                dataset=dict(type='ConcatDataset', datasets=[dict(data), dict(data, split='test')])
            ),
            test_dataloader=dict(dataset=dict(data)),
        )
    )


def roots(cfg: Config) -> list:
    return [
        cfg.train_dataloader.dataset.dataset.data_root,
        *(one.data_root for one in cfg.val_dataloader.dataset.datasets),
        cfg.test_dataloader.dataset.data_root,
    ]


@pytest.mark.parametrize(
    'words',
    [['--data-root', '~/faces'], ['--cfg-options', 'data_root=/home/me/faces']],
)
def test_one_folder_for_all_parts(words, monkeypatch):
    monkeypatch.setenv('HOME', '/home/me')
    parser = argparse.ArgumentParser()
    add_cfg_options(parser, 'the config')
    cfg = config()
    merge_options(cfg, parser.parse_args(words).cfg_options)
    assert roots(cfg) == ['/home/me/faces'] * 4 and cfg.data_root == '/home/me/faces'
    assert 'data_root' not in cfg.train_dataloader.dataset


def test_one_part_elsewhere_and_other_options():
    parser = argparse.ArgumentParser()
    add_cfg_options(parser, 'the config')
    words = ['--cfg-options', 'test_dataloader.dataset.data_root=b', 'x=1', '--data-root', 'a']
    for order in (words, words[3:] + words[:3]):
        cfg = config()
        merge_options(cfg, parser.parse_args(order).cfg_options)
        assert roots(cfg) == ['a', 'a', 'a', 'b']
    cfg = config()
    cfg.pop('val_dataloader')
    merge_options(cfg, dict(data_root=2024))
    assert cfg.test_dataloader.dataset.data_root == '2024' and 'val_dataloader' not in cfg
    merge_options(cfg, None)
