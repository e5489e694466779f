"""Build the runner, also on a machine without a GPU."""

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..utils.allocator import keep_freed_memory


def build_runner(cfg: Config) -> Runner:
    """Build the runner; under torchrun without a GPU start gloo first."""
    on_cpu = not torch.cuda.is_available()
    if on_cpu:
        keep_freed_memory()
    if on_cpu and cfg.launcher == 'pytorch':
        # mmengine would need a GPU here, whatever the backend
        if not torch.distributed.is_initialized():  # by an earlier training of this process
            torch.distributed.init_process_group('gloo')
        # without this mmengine passes the number of a GPU to the wrapper
        cfg.setdefault(
            'model_wrapper_cfg',
            dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False),
        )
    return Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
