"""Options that tools have in common."""

import argparse
import os
from pathlib import Path

from ..errors import ConvcutError
from .parser import CfgOptions


def add_cfg_options(parser: argparse.ArgumentParser, whose: str, data: bool = True) -> None:
    """Add ``--cfg-options`` and ``--data-root``.

    Args:
        parser (argparse.ArgumentParser): Where it is added.
        whose (str): Whose settings it overrides, and an example, for the help.
        data (bool): Whether the tool reads data, so that ``--data-root`` helps. Defaults to True.
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help=f'override settings of {whose}',
    )
    if data:
        parser.add_argument(
            '--data-root',
            action=_DataRoot,
            dest='cfg_options',
            metavar='DIR',
            help="folder of the data, for every part of it (default: the config's)",
        )


class _DataRoot(argparse.Action):
    """``--data-root DIR`` is ``--cfg-options data_root=DIR``, see :func:`merge_options`."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        folder = os.path.expanduser(values)
        options = getattr(namespace, self.dest, None) or {}
        setattr(namespace, self.dest, {**options, 'data_root': folder})


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that train.py and test.py have in common, as in mmpretrain's tools."""
    parser.add_argument(
        '--work-dir',
        help='folder of logs, metrics and checkpoints; by default '
        'work_dirs/ and the name of the config',
    )
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument(
        '--no-pin-memory', action='store_true', help="switch off the loaders' pin_memory"
    )
    parser.add_argument(
        '--cache-features',
        nargs='?',
        const='',
        metavar='DIR',
        help='compute the features of a frozen backbone once and keep them there, see '
        'docs/feature_store.md; by default in work_dirs/feature_store',
    )
    add_cfg_options(parser, 'the config, e.g. train_cfg.max_epochs=3 or key="[a,b]"')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how the processes were started',
    )
    # torch.distributed.launch passes it
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def check_not_input(out: str | Path, *inputs: str | Path) -> None:
    """Refuse to write over what is read.

    Raises:
        ConvcutError: ``out`` is one of the inputs.
    """
    for path in inputs:
        if os.path.exists(out) and os.path.exists(path) and os.path.samefile(out, path):
            raise ConvcutError(f'{out}: is read here, so it is not written; choose another name')
