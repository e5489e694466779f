"""What tools/train.py does: make a config from its options, check it, train, go on."""

import argparse
import sys
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook

from ..datasets.builder import class_names
from ..errors import ConvcutError
from ..utils import work_folder
from ..utils.checkpoint import check_resumable
from . import fine_tuning
from .check_config import check_config
from .config import finish_config, first_of_the_job, load_config, use_feature_store
from .runner import build_runner

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def run(args: argparse.Namespace) -> None:
    """Train a config, and another one after it if ``--then`` names one.

    Args:
        args (Namespace): The options of tools/train.py.

    Raises:
        ConvcutError: See :func:`prepare`; a checkpoint to start from is missing.
    """
    cfg, transfer = prepare(args)
    if args.then is None:
        check_start(cfg)
        train(cfg, transfer)
        return
    next_cfg, _ = prepare(next_phase(args, cfg.work_dir))  # now, not after hours of training
    if not (next_cfg.get('resume') and work_folder.has_gone_on(cfg.work_dir, next_cfg.work_dir)):
        check_start(cfg)
        train(cfg, transfer)
        next_cfg.resume = False
        next_cfg.load_from = str(work_folder.end_of_training(cfg.work_dir))
    train(next_cfg, None)


def prepare_fine_tuning(cfg: Config, args: argparse.Namespace) -> Hook | None:
    """Put --data-folder and --pretrained into the config; return the hook for the weights."""
    pretrained = args.pretrained
    try:
        original_classes = class_names(cfg)
    except (ConvcutError, AttributeError):  # the config names none; the checkpoint may
        original_classes = None
    if args.data_folder is not None:
        fine_tuning.use_data_folder(cfg, args.data_folder)
        if args.work_dir is None:
            cfg.work_dir += f'_{Path(args.data_folder).resolve().name}'
        if pretrained is None:
            pretrained = fine_tuning.shipped_weights(cfg)
            if pretrained is None:
                print(
                    f'{args.config}: the zoo has no weights for it, so training starts from '
                    'scratch',
                    file=sys.stderr,
                )
    if pretrained in (None, fine_tuning.SCRATCH):
        return None
    return fine_tuning.use_pretrained(cfg, pretrained, original_classes)


def prepare(args: argparse.Namespace) -> tuple[Config, Hook | None]:
    """Make the config of a training and check it; return it with the hook for --pretrained."""
    cfg = load_config(args)
    transfer = None
    if args.data_folder is not None or args.pretrained is not None:
        transfer = prepare_fine_tuning(cfg, args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp and get_device() == 'cpu':  # mmengine's wrapper works on GPUs only
        cfg.optim_wrapper.type = 'Bfloat16OptimWrapper'
    elif args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    last = Path(cfg.work_dir) / 'last_checkpoint'
    # a run that was killed before its first checkpoint starts from its weights again
    if args.resume is not None and not (
        args.resume == 'auto' and (transfer or cfg.load_from) and not last.exists()
    ):
        cfg.resume, transfer = True, None
        cfg.load_from = None if args.resume == 'auto' else args.resume
        if cfg.load_from is not None and '://' not in cfg.load_from:
            check_resumable(cfg.load_from)
    if args.auto_scale_lr:
        if cfg.get('auto_scale_lr') is None:
            raise ConvcutError(
                f'{args.config}: --auto-scale-lr needs auto_scale_lr=dict('
                'base_batch_size=...) in the config'
            )
        cfg.auto_scale_lr.enable = True
    if args.no_persistent_workers:
        for name in LOADERS:
            if cfg.get(name) is not None:
                cfg[name]['persistent_workers'] = False
    finish_config(cfg, args, LOADERS)
    use_feature_store(cfg, args.cache_features)
    model = check_config(cfg, LOADERS[:2])
    if transfer is not None:
        fine_tuning.check_pretrained(cfg.load_from, model)
    return cfg, transfer


def check_start(cfg: Config) -> None:
    """Check that the weights to start from are there, before anything is written."""
    start = cfg.get('load_from')
    if start and '://' not in start and not Path(start).expanduser().is_file():
        raise ConvcutError(
            f'load_from={start}: no such checkpoint; train what leaves it (--then goes on from '
            'its end), or name another by --cfg-options load_from=FILE'
        )


def next_phase(args: argparse.Namespace, work_dir: str) -> argparse.Namespace:
    """Return the options of the training after the one in ``work_dir``."""
    folder = Path(work_dir).with_name(Path(args.then).stem)
    if folder == Path(work_dir):
        raise ConvcutError(f'--then {args.then}: both trainings would use the folder {folder}')
    own = dict(
        config=args.then,
        work_dir=str(folder),
        resume=None if args.resume is None else 'auto',
        pretrained=fine_tuning.SCRATCH,  # it starts from the end of the first
    )
    return argparse.Namespace(**{**vars(args), **own})


def train(cfg: Config, transfer: Hook | None) -> None:
    """Train in the work folder of the config."""
    if first_of_the_job():  # before this training writes its log and config to the folder
        work_folder.lock(cfg.work_dir)
    runner = build_runner(cfg)
    if transfer is not None:
        runner.register_hook(transfer)
    runner.train()
