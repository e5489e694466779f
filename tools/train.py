"""Trains a model.

    python tools/train.py configs/convcut_rafdb.py
    python tools/train.py configs/convcut_rafdb.py --resume     # after an interruption
    python tools/train.py configs/convcut_rafdb.py --cache-features     # the backbone runs once
    bash tools/dist_train.sh configs/convcut_rafdb.py 4         # four processes of one machine

The options are those of mmpretrain's own tools/train.py.
"""

import argparse

from convcut_mm.errors import ConvcutError
from convcut_mm.utils import tool

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint; without a path from the last one in the work folder',
    )
    parser.add_argument('--no-validate', action='store_true', help='do not validate')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the number of processes and batch size',
    )
    parser.add_argument(
        '--no-persistent-workers',
        action='store_true',
        help='start the worker processes anew for each epoch',
    )
    tool.add_common_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    cfg = tool.load_config(args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
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
    tool.finish_config(cfg, args, LOADERS)
    tool.use_feature_store(cfg, args.cache_features)
    tool.check_config(cfg, LOADERS[:2])
    tool.build_runner(cfg).train()


if __name__ == '__main__':
    tool.run_tool(main)
