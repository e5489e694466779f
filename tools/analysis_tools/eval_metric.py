"""Evaluate the predictions of any classifiers on a config's test set, side by side.

    python tools/analysis_tools/eval_metric.py CONFIG PREDICTIONS.csv [MORE.csv TEST.npz ...]
    python tools/analysis_tools/eval_metric.py CONFIG a.npz --group peer=s0.csv,s1.csv,s2.csv
    python tools/analysis_tools/eval_metric.py CONFIG a.npz b.csv --markdown table.md

A CSV file has a header with the column "file" (name of the image) and either a column for each
class, with probabilities, or the column "label", with names or numbers (from 0) of predicted
classes. tools/test.py --out writes .npz and .pkl files. Each file must hold every image of the
test set once. --group takes the files of one method with several seeds, for mean and standard
deviation.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from convcut_mm.cli.console import print_rows
from convcut_mm.cli.options import add_cfg_options
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation import (
    Differences,
    GroundTruth,
    Metrics,
    class_table,
    difference,
    evaluate,
    ground_truth,
    markdown_table,
    method_table,
    predictions_for,
)
from convcut_mm.evaluation.functional import AVERAGES
from convcut_mm.evaluation.functional.bootstrap import LEVEL, RESAMPLES
from convcut_mm.evaluation.predictions import subsets
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.config import merge_options, read_config
from convcut_mm.utils.progress import progress


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file; its test_dataloader names the images')
    parser.add_argument(
        'predictions', nargs='*', help='.csv, .npz or .pkl files, each of another method'
    )
    parser.add_argument(
        '--group',
        action='append',
        default=[],
        metavar='NAME=FILE,FILE,...',
        help='a method with the files of its seeds; can be given several times',
    )
    parser.add_argument('--out', metavar='FILE.json', help='write all metrics to this file')
    parser.add_argument('--markdown', metavar='FILE.md', help='write the tables to this file')
    parser.add_argument(
        '--draws', type=int, default=RESAMPLES, help='bootstrap resamples (default: %(default)s)'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the bootstrap (default: %(default)s)'
    )
    add_cfg_options(parser, 'the config, e.g. test_dataloader.dataset.split=test')
    return parser.parse_intermixed_args()


def main() -> None:
    args = parse_args()
    if args.draws < 1:
        raise ConvcutError(f'--draws {args.draws}: expected at least 1')
    files = files_of_methods(args)
    cfg = read_config(args.config)
    merge_options(cfg, args.cfg_options)
    truth = ground_truth(cfg, args.config)
    pred_labels = {
        name: np.column_stack([predictions_for(path, truth).pred_labels for path in paths])
        for name, paths in files.items()
    }
    settings = dict(resamples=args.draws, seed=args.seed)
    parts = subsets(truth.duplicate, len(truth.names))
    with progress('Evaluating', len(parts) * len(pred_labels), 'methods') as step:
        methods = {
            part: compare(truth, pred_labels, chosen, settings, step)
            for part, chosen in parts.items()
        }
    title = (
        f'{args.config}: {truth.title}, {len(truth.names)} images. Per cent, with '
        f'{100 * LEVEL:g} % intervals by bootstrap over the images, and over the seeds of a '
        f'method that has several ({args.draws} resamples, seed {args.seed}); those of a class '
        "are Wilson's, of the mean over seeds. ± is the standard deviation over seeds; * marks a "
        'difference whose interval excludes zero.'
    )
    tables = [method_table(methods['all'], len(truth.names)), class_table(methods['all'], truth)]
    if 'clean' in methods:
        title += ' The second table is of the images of which no other split has a copy.'
        tables.insert(1, method_table(methods['clean'], int(parts['clean'].sum())))
    if args.out is not None:
        content = as_dict(args, truth, files, methods)
        write_atomically(args.out, (json.dumps(content, indent=1) + '\n').encode())
    if args.markdown is not None:
        texts = [title + '\n', *map(markdown_table, tables)]
        write_atomically(args.markdown, '\n'.join(texts).encode())
    print(title)
    for rows in tables:
        print()
        print_rows(rows)


def compare(
    truth: GroundTruth,
    pred_labels: dict[str, np.ndarray],
    chosen: np.ndarray,
    settings: dict[str, Any],
    step: Callable[[], None],
) -> list[tuple[str, Metrics, Differences | None]]:
    """Evaluate methods on the chosen images, each against the first."""
    methods: list[tuple[str, Metrics, Differences | None]] = []
    labels, classes = truth.labels[chosen], len(truth.classes)
    first = next(iter(pred_labels.values()))
    for name, given in pred_labels.items():
        metrics = evaluate(labels, given[chosen], classes, **settings)
        against = None
        if given is not first:
            against = difference(labels, first[chosen], given[chosen], classes, **settings)
        methods.append((name, metrics, against))
        step()
    return methods


def files_of_methods(args: argparse.Namespace) -> dict[str, list[str]]:
    """Return the files of each method: first the positional ones, named after the file."""
    stems = Counter(Path(path).stem for path in args.predictions)
    methods = []
    for path in args.predictions:
        name = Path(path).stem
        methods.append((name if stems[name] == 1 else path, [path]))
    for group in args.group:
        name, _, files = group.partition('=')
        paths = [path for path in files.split(',') if path]
        if not name or not paths:
            raise ConvcutError(f'--group {group}: expected NAME=FILE,FILE,...')
        methods.append((name, paths))
    if not methods:
        raise ConvcutError('no predictions given; name .csv, .npz or .pkl files after the config')
    for name, times in Counter(name for name, _ in methods).items():
        if times > 1:
            raise ConvcutError(f'two methods called {name}; rename one by --group NAME=FILE')
    return dict(methods)


def as_dict(args: argparse.Namespace, truth: GroundTruth, files: dict, methods: dict) -> dict:
    """Return the content of the JSON file; figures of the clean images are under ``clean``."""
    images = np.bincount(truth.labels, minlength=len(truth.classes)).tolist()
    by_name = [
        dict(name=name, files=files[name], **figures(truth, metrics, against))
        for name, metrics, against in methods['all']
    ]
    for one, (_, metrics, against) in zip(by_name, methods.get('clean', ())):
        one['clean'] = figures(truth, metrics, against)
    return dict(
        config=args.config,
        data=truth.title,
        images=len(truth.names),
        clean_images=None if truth.duplicate is None else int((~truth.duplicate).sum()),
        images_of_classes=dict(zip(truth.classes, images)),
        level=LEVEL,
        draws=args.draws,
        seed=args.seed,
        methods=by_name,
    )


def figures(truth: GroundTruth, metrics: Metrics, against: Differences | None) -> dict:
    """Return the metrics of a method, and its differences to the first one, for JSON."""
    return dict(
        **{key: getattr(metrics, key).as_dict() for key in AVERAGES},
        class_accuracies={
            label: accuracy.as_dict()
            for label, accuracy in zip(truth.classes, metrics.class_accuracies)
        },
        **{
            f'{key}_against_first': None if against is None else getattr(against, key).as_dict()
            for key in AVERAGES
        },
    )


if __name__ == '__main__':
    run_tool(main)
