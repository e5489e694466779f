"""Test a checkpoint: accuracies with 95 % intervals, macro precision and F1, confusion matrix.

    python tools/test.py configs/convcut_rafdb.py work_dirs/convcut_rafdb/epoch_50.pth
    python tools/test.py CONFIG CHECKPOINT --out predictions.npz    # write all probabilities

The intervals are bootstrap intervals over the test images. The options are those of mmpretrain's
tools/test.py, and --batch-regime: a model whose predictions depend on the batch is tested in
batches of one by default.
"""

from __future__ import annotations

import argparse
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from convcut import run_tool, start_up
from convcut_mm.cli.options import add_common_options
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

if TYPE_CHECKING:
    from mmengine.config import ConfigDict

LOADERS = ('test_dataloader',)


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='write predictions or metrics to this file')
    parser.add_argument(
        '--out-item',
        choices=['metrics', 'pred'],
        help='what --out writes: every prediction (.npz, or .pkl as in mmpretrain; the default) '
        'or the metrics (.json, .yaml, .pkl)',
    )
    parser.add_argument('--show-dir', help='write pictures of the predictions to this folder')
    parser.add_argument('--show', action='store_true', help='show the predictions in a window')
    parser.add_argument(
        '--interval', type=positive, default=1, help='show or write only every n-th image'
    )
    parser.add_argument(
        '--wait-time', type=float, default=2, help='seconds to show each image (default: 2)'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='average the probabilities of each image and its mirror image',
    )
    parser.add_argument(
        '--batch-regime',
        choices=['alone', 'configured'],
        help='test in batches of one (alone) or in those of the config (configured); by default '
        'alone if predictions depend on the batch, so that no image sees its neighbours',
    )
    add_common_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        import mmengine
        import torch
        from mmengine.dist import is_main_process

        from convcut_mm.cli.check_config import check_config
        from convcut_mm.cli.config import finish_config, load_config, use_feature_store
        from convcut_mm.cli.runner import build_runner
        from convcut_mm.evaluation import (
            SUFFIXES,
            CollectPredictions,
            DumpPredictions,
            summary_lines,
        )
        from convcut_mm.evaluation.batch_audit import set_test_batches
        from convcut_mm.utils.checkpoint import load_from_local
    if args.out_item is not None and args.out is None:
        raise ConvcutError('--out-item needs --out FILE')
    predictions = args.out is not None and args.out_item != 'metrics'
    if predictions and not args.out.endswith(SUFFIXES):
        raise ConvcutError(
            f'--out {args.out}: predictions are written as .npz or .pkl, '
            'metrics (--out-item metrics) also as .json or .yaml'
        )
    cfg = load_config(args)
    # check files now; the runner downloads URLs
    if '://' not in args.checkpoint:
        load_from_local(args.checkpoint, 'cpu')
    cfg.load_from = args.checkpoint
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir is not None:
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
            interval=args.interval,
        )
    if args.tta:
        use_tta(cfg)
    finish_config(cfg, args, LOADERS)
    if args.cache_features is not None:  # a config's feature_store applies to training only
        use_feature_store(cfg, args.cache_features)
    batch_note = set_test_batches(cfg, check_config(cfg, LOADERS), args.batch_regime)
    runner = build_runner(cfg)
    evaluated = runner.test_evaluator.metrics
    if not any(isinstance(metric, CollectPredictions) for metric in evaluated):
        evaluated.append(CollectPredictions())
    if predictions:
        evaluated.append(DumpPredictions(out_file_path=args.out))
    metrics = runner.test()
    if is_main_process():
        classes = runner.test_dataloader.dataset.metainfo.get('classes')
        print('\n'.join(['', *summary_lines(metrics, classes)]))
        if batch_note is not None:
            print(f'\n{batch_note}')
        if args.out_item == 'metrics':
            plain = {
                key: value.tolist() if isinstance(value, torch.Tensor) else value
                for key, value in metrics.items()
            }
            content = mmengine.dump(plain, file_format=Path(args.out).suffix[1:])
            write_atomically(args.out, content if isinstance(content, bytes) else content.encode())


def use_tta(cfg: ConfigDict) -> None:
    """Average over image and mirror image, unless the config has its own augmentation."""
    from mmengine.config import ConfigDict

    pipeline = cfg.test_dataloader.dataset.pipeline
    cfg.setdefault('tta_model', dict(type='AverageClsScoreTTA'))
    if 'tta_pipeline' not in cfg:
        cfg.tta_pipeline = deepcopy(pipeline)
        cfg.tta_pipeline[-1] = dict(
            type='TestTimeAug',
            transforms=[
                [dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)],
                [pipeline[-1]],
            ],
        )
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline


if __name__ == '__main__':
    run_tool(main)
