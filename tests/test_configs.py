"""What holds for every config of the repository."""

import pytest

from convcut_mm.utils.config import read_config
from convcut_mm.zoo import root

CONFIGS = sorted(
    path
    for path in (root() / 'configs').rglob('*.py')
    if '_base_' not in path.relative_to(root()).parts
)


@pytest.fixture(scope='module')
def configs() -> dict:
    return {path.name: read_config(path) for path in CONFIGS}


def test_auto_scale_lr_leaves_the_rate_of_one_process_alone(configs):
    assert len(configs) > 25
    for name, config in configs.items():
        assert config.auto_scale_lr.base_batch_size == config.train_dataloader.batch_size, name


def test_every_training_is_stopped_at_nan_and_keeps_its_checkpoints_whole(configs):
    for name, config in configs.items():
        kinds = {hook.type for hook in config.default_hooks.values()}
        assert kinds >= {'FiniteHook', 'AtomicCheckpointHook', 'CheckpointMatchHook'}, name
