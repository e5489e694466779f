"""Train and test a set of configs with several seeds, and write one table.

    python tools/ablate.py table2                  # a set of configs/*/ablations, or a YAML file
    python tools/ablate.py table2 --dry-run        # only list the remaining runs
    python tools/ablate.py table2 --seeds 5        # after three seeds, run only the two new ones
    python tools/ablate.py table2 --jobs 2         # two runs at a time, each on half of the cores

The same command resumes after an interruption. Each run is tools/train.py and tools/test.py in its
own process and folder, WORK_DIR/CONFIG/seed_N; sets share the runs that they have in common. A run
that fails leaves the others alone. The table is WORK_DIR/SET.md and SET.json. docs/ablations.md
explains how to write a set.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from convcut import run_tool, start_up
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

if TYPE_CHECKING:
    from mmengine.config import Config

    from convcut_mm.ablation import AblationRun, AblationSet
    from convcut_mm.evaluation.predictions import Predictions


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('set', help='name of a set in configs/METHOD/ablations, or a YAML file')
    parser.add_argument(
        '--seeds',
        type=int,
        default=3,
        metavar='N',
        help='run each row with the seeds 0 to N-1 (default: %(default)s)',
    )
    parser.add_argument(
        '--jobs',
        type=positive,
        default=1,
        metavar='N',
        help='runs at a time; they share the cores (default: %(default)s)',
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/ablations',
        help='folder of runs and tables (default: %(default)s)',
    )
    parser.add_argument('--dry-run', action='store_true', help='list the remaining runs and stop')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override settings of every config of the set, as in tools/train.py',
    )
    parser.add_argument('--data-root', metavar='DIR', help='data folder of every config')
    args = parser.parse_args()
    if args.data_root is not None:
        args.cfg_options.append(f'data_root={Path(args.data_root).expanduser()}')
    return args


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.ablation import AblationRun, finished_runs, read_set
    if args.seeds < 1:
        raise ConvcutError(f'--seeds {args.seeds}: expected 1 or more')
    # when this process is terminated, it terminates its training too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows, work_dir = read_set(args.set), Path(args.work_dir)
    first, backbone = None, None
    if rows.backbone is not None:
        first = AblationRun(rows.backbone, 0, work_dir, args.cfg_options)
        if not first.trained:
            say('backbone', first, args.dry_run)
            if args.dry_run:
                for row in rows.rows:
                    print(f'{row.title}: {args.seeds} seeds, after the backbone')
                return
            with closing(finished_runs([first], test=False)) as ended:
                for _, error in ended:
                    if error is not None:
                        raise error
        backbone = first.last_checkpoint()
    # row by row, so that an interrupted table has complete rows
    runs = [
        (
            row.title,
            AblationRun(row.config, seed, work_dir, args.cfg_options, backbone, rows.metric),
        )
        for row in rows.rows
        for seed in range(args.seeds)
    ]
    if args.dry_run:
        for title, run in runs:
            say(f'{title}, seed {run.seed}', run, True)
        return
    try:
        execute(runs, args.jobs)
    finally:
        report(rows, runs, first, work_dir)


def say(what: str, run: AblationRun, asked: bool = False) -> None:
    """Print what is left to do of a run and its folder, on stdout if the user asked for it."""
    stream = sys.stdout if asked else sys.stderr
    print(f'{what}: {run.state()} ({run.folder})', file=stream, flush=True)


def execute(runs: list[tuple[str, AblationRun]], jobs: int) -> None:
    """Train and test the remaining runs; print a line and the remaining time for each.

    Raises:
        ConvcutError: A run failed; the others have been run nevertheless.
    """
    from convcut_mm.ablation import finished_runs

    # by folder: two rows of one config share their runs
    left = {run.folder: run for _, run in runs if run.predictions() is None}
    done = sum(run.folder not in left for _, run in runs)
    print(f'{done} of {len(runs)} runs are done', file=sys.stderr, flush=True)
    titles = {run.folder: f'{title}, seed {run.seed}' for title, run in runs}
    names = {
        folder: f'[{number}/{len(left)}] {titles[folder]}' for number, folder in enumerate(left, 1)
    }
    failures: list[ConvcutError] = []
    start = time.monotonic()
    finished = finished_runs(
        list(left.values()), jobs, started=lambda run: say(names[run.folder], run)
    )
    # closing: at the first exception, not when its traceback is forgotten
    with closing(finished) as ended:
        for number, (run, error) in enumerate(ended, 1):
            failures += [] if error is None else [error]
            each = (time.monotonic() - start) / number
            line = f'{names[run.folder]}: {outcome(run, error)}, '
            line += f'{duration(each * (len(left) - number))} left'
            print(line, file=sys.stderr, flush=True)
    if failures:
        more = len(failures) - 1
        raise ConvcutError(f'{failures[0]}' + (f' (and {more} more runs failed)' if more else ''))


def outcome(run: AblationRun, error: ConvcutError | None) -> str:
    """Return the accuracy of a run that has ended, or why it has none."""
    from convcut_mm.evaluation.predictions import load_predictions

    if error is not None:
        return f'failed ({error})'
    tested = load_predictions(run.predictions_file)
    return f'{100 * (tested.pred_labels == tested.labels).mean():.2f} %'


def duration(seconds: float) -> str:
    """Write a duration as ``1 h 05 min``, ``3 min`` or ``20 s``."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f'{seconds:.0f} s'
    return f'{minutes // 60} h {minutes % 60:02d} min' if minutes >= 60 else f'{minutes} min'


def report(
    rows: AblationSet,
    runs: list[tuple[str, AblationRun]],
    backbone: AblationRun | None,
    work_dir: Path,
) -> None:
    """Write and print the table of the finished runs, if there are any."""
    from convcut_mm.ablation import markdown, protocol, read_beside, table

    results: dict[str, dict[int, Predictions]] = {}
    configs = {}
    for title, run in runs:
        predictions = run.predictions()
        if predictions is not None:
            results.setdefault(title, {})[run.seed] = predictions
            configs[title] = run.cfg
    if not results:
        return
    lines = protocol(configs, None if backbone is None else backbone.cfg)
    classes = class_names(next(iter(configs.values())))
    content = table(rows, results, lines, classes, read_beside(rows.beside, work_dir))
    text = markdown(content)
    path = work_dir / f'{rows.name}.md'
    write_atomically(path, text.encode())
    write_atomically(path.with_suffix('.json'), json.dumps(content, indent=1).encode())
    print(f'\n{text}\n{path}, {path.with_suffix(".json").name}')


def class_names(cfg: Config) -> tuple[str, ...] | None:
    """Return the class names of the test set, None if it has none."""
    from mmengine.registry import DefaultScope
    from mmpretrain.registry import DATASETS

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'lazy_init': True})
    return dataset.metainfo.get('classes')


if __name__ == '__main__':
    run_tool(main)
