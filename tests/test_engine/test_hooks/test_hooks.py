"""Hooks in a short training."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from sklearn.utils.class_weight import compute_class_weight

from convcut_mm import ConvcutError
from convcut_mm.engine import AtomicCheckpointHook


@pytest.fixture
def config(root, tmp_path) -> Config:
    config = Config.fromfile(root / 'configs' / 'convcut_quickstart.py')
    faces = dict(data_root=str(tmp_path / 'faces'), train_per_class=10, test_per_class=3)
    for phase in ('train', 'val', 'test'):
        loader = config[f'{phase}_dataloader']
        loader.dataset.update(faces)
        loader.update(num_workers=0, persistent_workers=False, batch_size=9)
    config.model.backbone.arch = dict(depths=[1, 1, 1, 1], channels=[8, 16, 24, 32])
    config.model.backbone.num_blocks = None
    config.model.neck.update(in_channels=24, out_channels=16)
    config.model.head.in_channels = 16
    config.work_dir = str(tmp_path / 'work')
    config.experiment_name = tmp_path.name
    return config


def test_class_weights(config):
    config.train_cfg.max_epochs = 1
    config.custom_hooks = [dict(type='BalancedClassWeightHook')]
    # a class with fewer images, so that the weights are not all one
    config.train_dataloader.dataset.indices = list(range(40))
    runner = Runner.from_cfg(config)
    model = runner.train()
    labels = runner.train_dataloader.dataset.get_gt_labels()
    expected = compute_class_weight('balanced', classes=np.arange(7), y=labels)
    assert len(set(np.round(expected, 3))) > 1
    assert np.allclose(model.head.loss_module.class_weight, expected)


def test_fine_tuning_ignores_only_the_given_keys(config):
    config.train_cfg.max_epochs = 1
    Runner.from_cfg(config).train()
    config.load_from = f'{config.work_dir}/epoch_1.pth'
    config.model.head.num_classes = 5
    config.experiment_name += '-tuned'
    with pytest.raises(ConvcutError, match='head.fc.weight'):
        Runner.from_cfg(config).load_or_resume()
    config.default_hooks.checkpoint_match.ignore = ['head.fc.']
    config.experiment_name += '-again'
    # mmengine's loader leaves the tensors of another shape alone and says so
    Runner.from_cfg(config).load_or_resume()


def test_atomic_checkpoints_are_by_epoch():
    with pytest.raises(ConvcutError, match='by_epoch=False'):
        AtomicCheckpointHook(by_epoch=False)
