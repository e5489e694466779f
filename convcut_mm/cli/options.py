"""Options that tools share."""

import argparse
import os
from pathlib import Path

from ..errors import ConvcutError
from .cfg_options import CfgOptions


def add_cfg_options(parser: argparse.ArgumentParser, whose: str, data: bool = True) -> None:
    """Add ``--cfg-options`` and ``--data-root``.

    Args:
        parser (argparse.ArgumentParser): Parser of the tool.
        whose (str): Whose settings the option overrides, and an example, for the help.
        data (bool): Add ``--data-root``, if the tool reads data. Defaults to True.
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
            help='folder of the data, for all data sets (default: as in the config)',
        )


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say in which batches an audit tests."""
    parser.add_argument(
        '--batch-sizes',
        type=int,
        nargs='+',
        default=[16, 32, 64, 256],
        metavar='N',
        help='batch sizes to test beside batches of one (default: 16 32 64 256)',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        default=3,
        metavar='N',
        help='shuffles of each order and batch size (default: %(default)s)',
    )


class _DataRoot(argparse.Action):
    """``--data-root DIR``, short for ``--cfg-options data_root=DIR``."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        folder = os.path.expanduser(values)
        options = getattr(namespace, self.dest, None) or {}
        setattr(namespace, self.dest, {**options, 'data_root': folder})


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that train.py and test.py share, named as in mmpretrain's tools."""
    parser.add_argument(
        '--work-dir',
        help='folder of logs, metrics and checkpoints (default: work_dirs/ and the name of the '
        'config)',
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
        help='compute the features of a frozen backbone once and keep them in this folder, see '
        'docs/feature_store.md (default: work_dirs/feature_store)',
    )
    add_cfg_options(parser, 'the config, e.g. train_cfg.max_epochs=3 or key="[a,b]"')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes',
    )
    # torch.distributed.launch passes it
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def check_not_input(out: str | Path, *inputs: str | Path) -> None:
    """Check that a tool does not overwrite its inputs.

    Raises:
        ConvcutError: ``out`` is one of the inputs.
    """
    for path in inputs:
        if os.path.exists(out) and os.path.exists(path) and os.path.samefile(out, path):
            raise ConvcutError(f'{out}: is an input and would be overwritten; choose another name')
