"""From the command line to a config whose parts can be built."""

import argparse
import os
from pathlib import Path

import torch
import torch.distributed
from mmengine.config import Config, ConfigDict

from ..errors import ConvcutError
from ..utils.config import LOADERS, merge_options, read_config

FEATURE_STORE_HOOK = 'FeatureStoreHook'


def load_config(args: argparse.Namespace) -> Config:
    """Read the config file and applies the common options; see :func:`read_config`."""
    cfg = read_config(args.config)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return cfg


def finish_config(cfg: Config, args: argparse.Namespace, loaders: tuple) -> None:
    """Set the loaders' defaults, then ``--cfg-options``, which have the last word."""
    for name in loaders:
        if cfg.get(name) is not None:
            cfg[name] = ConfigDict(
                {
                    'pin_memory': torch.cuda.is_available(),  # elsewhere torch only warns about it
                    'collate_fn': dict(type='default_collate'),
                    **cfg[name],
                }
            )
            if args.no_pin_memory:
                cfg[name]['pin_memory'] = False
    merge_options(cfg, args.cfg_options)
    for name in LOADERS:
        loader = cfg.get(name)
        if loader is not None and loader.get('num_workers') == 0:
            # torch refuses these without worker processes
            loader.pop('prefetch_factor', None)
            loader['persistent_workers'] = False


def use_feature_store(cfg: Config, directory: str | None) -> None:
    """Turn ``--cache-features`` and the config's ``feature_store`` into a hook.

    Args:
        cfg (Config): The config.
        directory (str, optional): The option's value: None where it was not given, '' where it
            was given without a folder.
    """
    options = cfg.get('feature_store')
    if directory is None and options in (None, False):
        return
    hooks = list(cfg.get('custom_hooks') or [])
    if any(hook.get('type') == FEATURE_STORE_HOOK for hook in hooks):
        raise ConvcutError(
            f'{FEATURE_STORE_HOOK} is among custom_hooks already, so neither --cache-features '
            'nor feature_store can be given'
        )
    options = options or {}
    if not isinstance(options, dict) or 'type' in options:
        raise ConvcutError(
            f'feature_store={options!r}: expected dict(dir=..., dtype=...) or None for no store'
        )
    options = dict(options)
    if directory:
        options['dir'] = directory
    hook = dict(type=FEATURE_STORE_HOOK, **options)
    cfg.custom_hooks = [*hooks, hook]


def first_of_the_job() -> bool:
    """Whether this is the only process or the one of rank 0, before the processes are joined."""
    ranks = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # torchrun, Slurm, MPI
    return next((os.environ[name] for name in ranks if name in os.environ), '0') == '0'
