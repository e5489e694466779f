"""Turn the command line into a config whose parts can be built."""

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
    """Read the config and apply the options of the launcher and the work folder.

    Args:
        args (Namespace): ``config`` and the options of :func:`add_common_options`.

    Raises:
        ConvcutError: See :func:`read_config`.
    """
    cfg = read_config(args.config)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return cfg


def finish_config(cfg: Config, args: argparse.Namespace, loaders: tuple[str, ...]) -> None:
    """Set defaults of the data loaders, then apply ``--cfg-options``, which override all else.

    Args:
        cfg (Config): The config, changed in place.
        args (Namespace): The options of :func:`add_common_options`.
        loaders (tuple[str]): Keys of the data loaders that get defaults.
    """
    for name in loaders:
        if cfg.get(name) is not None:
            cfg[name] = ConfigDict(
                {
                    'pin_memory': torch.cuda.is_available(),  # without a GPU torch only warns
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
            # torch refuses these settings without worker processes
            loader.pop('prefetch_factor', None)
            loader['persistent_workers'] = False


def use_feature_store(cfg: Config, directory: str | None) -> None:
    """Add the feature store's hook, if ``--cache-features`` or the config asks for it.

    Args:
        cfg (Config): The config, changed in place.
        directory (str, optional): Value of ``--cache-features``: None if it was not given, '' if
            it was given without a folder.

    Raises:
        ConvcutError: The config has the hook already, or ``feature_store`` is not a dict.
    """
    options = cfg.get('feature_store')
    if directory is None and options in (None, False):
        return
    hooks = list(cfg.get('custom_hooks') or [])
    if any(hook.get('type') == FEATURE_STORE_HOOK for hook in hooks):
        raise ConvcutError(
            f'custom_hooks has a {FEATURE_STORE_HOOK} already; remove it, or do without '
            '--cache-features and feature_store'
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
    """Tell whether this is the only process, or rank 0, before the processes join a group."""
    ranks = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # torchrun, Slurm, MPI
    return next((os.environ[name] for name in ranks if name in os.environ), '0') == '0'
