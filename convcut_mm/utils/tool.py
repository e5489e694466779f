"""What the command-line tools share: options, one-line errors, processes without a GPU."""

import argparse
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Union

import torch
import torch.distributed
from mmengine.config import Config, ConfigDict
from mmengine.model import BaseTTAModel
from mmengine.registry import RUNNERS, DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, HOOKS, MODELS
from torch import nn

from ..errors import ConvcutError
from ..feature_store import check_dataset, check_model
from ..zoo import config_file
from .allocator import keep_freed_memory
from .atomic import write_atomically
from .checks import at_least
from .disk_errors import (
    FULL,
    SHARED_MEMORY,
    disk_error_line,
    log_errors_raised,
    out_of_shared_memory,
)
from .parser import CfgOptions
from .text import printable

FEATURE_STORE_HOOK = 'FeatureStoreHook'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def run_tool(main: Callable) -> None:
    """Runs a tool; a user's mistake becomes one line on stderr and exit status 1.

    Args:
        main (callable): Called without arguments.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a name that the terminal's encoding lacks is escaped, and ends nothing
            stream.reconfigure(errors='backslashreplace')
    try:
        with log_errors_raised():
            main()
        _leave_group()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(130)
    except ConvcutError as error:
        print(f'error: {one_line(error)}', file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        line = disk_error_line(error)
        if line is None:
            raise
        print(f'error: {line}', file=sys.stderr)
        sys.exit(1)
    except RuntimeError as error:
        if not out_of_shared_memory(error):
            raise
        print(f'error: {SHARED_MEMORY}', file=sys.stderr)
        sys.exit(1)
    except KeyError as error:
        if 'registry' not in str(error):
            raise
        # a misspelt type in a config; mmengine appends advice about its own documentation
        print(f'error: {str(error.args[0]).split(". ")[0]}', file=sys.stderr)
        sys.exit(1)


def check_not_input(out: str | Path, *inputs: str | Path) -> None:
    """Refuses to write over what is read.

    Raises:
        ConvcutError: ``out`` is one of the inputs.
    """
    for path in inputs:
        if os.path.exists(out) and os.path.exists(path) and os.path.samefile(out, path):
            raise ConvcutError(f'{out}: is read here, so it is not written; choose another name')


def _leave_group() -> None:
    """Ends torchrun's processes together: gloo's threads may abort one that leaves early."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def one_line(error: BaseException) -> str:
    """The message without the traceback that torch's worker processes put before it."""
    text = str(error).strip() or type(error).__name__
    if 'Traceback (most recent call last)' in text:
        text = re.sub(r'^[\w.]*(Error|Exception): ', '', text.splitlines()[-1].strip())
    return printable(text)


def add_cfg_options(parser: argparse.ArgumentParser, whose: str, data: bool = True) -> None:
    """Adds ``--cfg-options`` and ``--data-root``.

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


def merge_options(cfg: Config, options: dict | None) -> None:
    """Puts ``--cfg-options`` into a config; a ``data_root`` there is that of every data set.

    Args:
        cfg (Config): The config, changed in place.
        options (dict, optional): Values by the path of their key.
    """
    options = dict(options or {})
    if 'data_root' in options:
        options['data_root'] = str(options['data_root'])  # a folder 2024 was read as a number
        for name in LOADERS:
            if cfg.get(name) is not None:
                _move_data(cfg[name].get('dataset'), options['data_root'])
    cfg.merge_from_dict(options)


def _move_data(dataset: dict | None, folder: str) -> None:
    """Sets the folder of a data set, or of those in a wrapper such as RepeatDataset."""
    if not isinstance(dataset, dict):
        return
    inner = [dataset.get('dataset'), *(dataset.get('datasets') or [])]
    if any(inner):
        for one in inner:
            _move_data(one, folder)
    else:
        dataset['data_root'] = folder


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that train.py and test.py have in common, as in mmpretrain's tools."""
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


def read_config(path: Union[str, Path]) -> Config:
    """Reads a config file.

    Args:
        path (str | Path): The file, or the name of a registered model: ``convcut_rafdb``. The path
            that a config had in an earlier release leads to where it is now.

    Raises:
        ConvcutError: No such file or model, or a file that is no config.
    """
    file = Path(path)
    if not file.is_file():
        # a name alone, or where the config lay before each method got a folder
        named = str(path) == file.name and file.suffix != '.py' or file.parent.name == 'configs'
        moved = config_file(file.name.removesuffix('.py')) if named else None
        if moved is None:
            raise ConvcutError(f'{path}: no such config file')
        file = moved
    try:
        cfg = Config.fromfile(file)
    except (SyntaxError, NameError, TypeError, KeyError, OSError) as error:
        if isinstance(error, OSError) and error.errno in FULL:  # mmengine copies it into TMPDIR
            raise
        raise ConvcutError(f'{file}: cannot be read as a config ({error})') from error
    object.__setattr__(cfg, '__class__', WholeConfig)  # Config's own setter makes it a setting
    return cfg


class WholeConfig(Config):
    """A config that is written whole or not at all, as the runner does into the work folder."""

    def dump(self, file: str | Path | None = None) -> str | None:
        """As ``Config.dump``."""
        if file is None or not str(file).endswith('.py'):
            return super().dump(file)
        write_atomically(file, self.pretty_text.encode())
        return None


def load_config(args: argparse.Namespace) -> Config:
    """Reads the config file and applies the common options; see :func:`read_config`."""
    cfg = read_config(args.config)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return cfg


def finish_config(cfg: Config, args: argparse.Namespace, loaders: tuple) -> None:
    """Sets the loaders' defaults, then ``--cfg-options``, which have the last word."""
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


def use_feature_store(cfg: Config, directory: Optional[str]) -> None:
    """Turns ``--cache-features`` and the config's ``feature_store`` into a hook.

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


def check_config(cfg: Config, loaders: tuple) -> nn.Module:
    """Builds data sets and model before anything is written: mistakes leave no work folder.

    Args:
        cfg (Config): The config.
        loaders (tuple[str]): Keys of the loaders whose data sets are needed.

    Returns:
        nn.Module: The model, without weights.

    Raises:
        ConvcutError: What the parts refuse, a batch size below 1, or data of more classes than the
            model has.
    """
    for name in loaders:
        if cfg.get(name) is not None:
            _check_loader(cfg[name], name)
    stores = [
        hook for hook in cfg.get('custom_hooks') or [] if hook.get('type') == FEATURE_STORE_HOOK
    ]
    datasets: dict = {}
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        for hook in stores:
            HOOKS.build(hook)
        for name in loaders:
            if cfg.get(name) is not None:
                datasets[name] = DATASETS.build({**cfg[name]['dataset'], 'lazy_init': False})
                if stores:
                    check_dataset(datasets[name], name)
        model = {**cfg.model}
        model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
        model = MODELS.build(model)
        if stores:
            check_model(model)
    for name, dataset in datasets.items():
        _check_classes(model, dataset, name)
    return model


def _check_classes(model: nn.Module, dataset, loader: str) -> None:
    """Labels beyond the classifier would be an IndexError in the loss, hours later in a metric."""
    if isinstance(model, BaseTTAModel):
        model = model.module
    outputs = getattr(getattr(model, 'head', None), 'num_classes', None)
    classes = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    if isinstance(outputs, int) and classes is not None and outputs < len(classes):
        raise ConvcutError(
            f'model.head.num_classes={outputs}: the data set of {loader} has {len(classes)} '
            f'classes ({", ".join(map(str, classes))})'
        )


def first_of_the_job() -> bool:
    """Whether this is the only process or the one of rank 0, before the processes are joined."""
    ranks = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # torchrun, Slurm, MPI
    return next((os.environ[name] for name in ranks if name in os.environ), '0') == '0'


def _check_loader(loader: ConfigDict, name: str) -> None:
    """Refuses sizes that torch's loader answers by a traceback of its own."""
    if loader.get('batch_sampler') is None and 'batch_size' in loader:
        at_least(f'{name}.batch_size', loader['batch_size'])
    at_least(f'{name}.num_workers', loader.get('num_workers', 0), 0)


def build_runner(cfg: Config) -> Runner:
    """Builds the runner; with torchrun on a machine without a GPU, starts gloo first."""
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
