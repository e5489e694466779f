"""The runner, on a machine without a GPU too."""

import torch
import torch.distributed
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..utils.allocator import keep_freed_memory


def build_runner(cfg: Config) -> Runner:
    """Build the runner; with torchrun on a machine without a GPU, starts gloo first."""
    on_cpu = not torch.cuda.is_available()
    if on_cpu:
        keep_freed_memory()
    if on_cpu and cfg.launcher == 'pytorch':
        # mmengine asks for a GPU before it looks at the backend
        torch.distributed.init_process_group('gloo')
        # and without this gives the wrapper a GPU's number
        cfg.setdefault(
            'model_wrapper_cfg',
            dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False),
        )
    return Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
