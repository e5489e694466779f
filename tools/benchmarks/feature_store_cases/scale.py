"""Scale: time and memory of building, opening, verifying and an epoch against the number of rows.

Stores of 62,500 to 500,000 small rows (192 bytes, two views of an image), for one process and for
two ranks on this machine. A time grows in proportion to the rows if the exponent of a fit on
logarithmic axes is 1; fitted are CPU seconds, which other programs change little. An epoch is
what the loader does: order, views, labels, batches of features; no train step. A second part reads
rows of Conv-cut's size (14x14x512 in float16) to say what a larger machine needs. --resume goes on
after an interruption.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from rich.table import Table
from scipy import stats

from convcut_mm.cli.console import print_table
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

from .scale_forks import Measured, forget_files, run_ranks
from .scale_picture import draw
from .scale_process import VIEWS, image_paths, write_images
from .scale_rows import large_rows

SIZES = (62_500, 125_000, 250_000, 500_000)
STEPS = ('build', 'open first', 'open again', 'verify', 'epoch')
RANKS = (1, 2)
MB = 1e6


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this case's options."""
    parser.add_argument('--rows', type=int, nargs='+', default=SIZES, help='sizes of the stores')
    parser.add_argument('--ranks', type=int, nargs='+', default=RANKS, help='numbers of processes')
    parser.add_argument(
        '--rounds', type=int, default=3, help='of all but the build; medians are shown'
    )
    parser.add_argument(
        '--large-rows', type=int, default=4096, help="of Conv-cut's size, 0.2 MB each"
    )
    parser.add_argument(
        '--without-images',
        action='store_true',
        help='build with made-up features: all but the reading of images and the forward passes',
    )
    parser.add_argument('--resume', action='store_true', help='keep what was measured before')


def run(args: argparse.Namespace) -> dict:
    """Measure all sizes; fit, print and draw."""
    rows, ranks_of = sorted(set(args.rows)), sorted(set(args.ranks))
    if len(rows) < 3 or rows[0] < VIEWS:
        raise ConvcutError(f'--rows {" ".join(map(str, rows))}: a fit needs three sizes or more')
    path = args.out / 'measured.json'
    measured = json.loads(path.read_text()) if args.resume and path.is_file() else {}
    images = args.out / 'images'
    write_images(images, rows[-1] // VIEWS)
    for count in rows:
        for ranks in ranks_of:
            name = f'{count} rows, {ranks} ranks'
            if name not in measured:
                measured[name] = _measure(images, count, ranks, args)
                write_atomically(path, json.dumps(measured, indent=1).encode())
            print(f'{name}: {_line(measured[name])}', flush=True)
    name = f'{args.large_rows} large rows'
    if name not in measured:
        measured[name] = large_rows(args.out / 'large', args.large_rows)
        write_atomically(path, json.dumps(measured, indent=1).encode())
    found = {
        ranks: [measured[f'{count} rows, {ranks} ranks'] for count in rows] for ranks in ranks_of
    }
    fits = {ranks: _fits(rows, found[ranks]) for ranks in ranks_of}
    _show(rows, found, fits)
    for what, rate in measured[name].items():
        print(f"rows of Conv-cut's size, {what}: {rate:.2f} GB/s")
    print('picture:', *draw(rows, found, fits, args.out / 'scale'))
    return dict(rows=rows, measured=measured, fits=fits)


def _measure(images: Path, count: int, ranks: int, args: argparse.Namespace) -> dict:
    """Measure all steps of a size; return :class:`Measured` of each round."""
    store = args.out / 'store'
    shutil.rmtree(store, ignore_errors=True)
    found: dict[str, dict] = {what: {step: [] for step in STEPS} for what in Measured._fields}

    def note(steps: dict[str, str]) -> None:
        done = run_ranks(images, count // VIEWS, store, list(steps), args.without_images, ranks)
        for what, values in done._asdict().items():
            for step, name in steps.items():
                found[what][name].append(values[step])

    note(dict(build='build'))
    forget_files([*store.rglob('*.*'), *image_paths(images, count // VIEWS)])
    note(dict(open='open first'))
    for _ in range(args.rounds):
        note(dict(open='open again', verify='verify', epoch='epoch'))
    size = sum(file.stat().st_size for file in store.rglob('*.*'))
    shutil.rmtree(store)
    return dict(found, bytes=size)


def _line(measured: dict) -> str:
    parts = [f'{step} {np.median(values):.1f} s' for step, values in measured['cpu'].items()]
    return f'{", ".join(parts)}; {_peak(measured) / MB:.0f} MB a process'


def _peak(measured: dict) -> float:
    return max(map(max, measured['memory'].values()))


def _fits(rows: list[int], found: list[dict]) -> dict:
    """Fit a power of the rows to each step's CPU seconds: exponent and its 95 % interval."""
    fits: dict[str, list[float] | dict[str, float]] = {}
    for step in STEPS:
        medians = [np.median(one['cpu'][step]) for one in found]
        fit = stats.linregress(np.log(rows), np.log(medians))
        half = fit.stderr * stats.t.ppf(0.975, len(rows) - 2)
        fits[step] = [fit.slope, fit.slope - half, fit.slope + half]
    line = stats.linregress(rows, [_peak(one) for one in found])
    fits['memory'] = dict(bytes_per_row=line.slope, bytes_at_zero=line.intercept)
    return fits


def _show(rows: list[int], found: dict[int, list[dict]], fits: dict[int, dict]) -> None:
    for ranks in found:
        table = Table(
            box=None, pad_edge=False, title='one process' if ranks == 1 else f'{ranks} ranks'
        )
        table.add_column('CPU seconds of a rank (median)')
        for count in rows:
            table.add_column(f'{count} rows', justify='right')
        table.add_column('exponent (95 %)', justify='right')
        table.add_column('microseconds a row', justify='right')
        table.add_column('on the clock, most rows', justify='right')
        for step in STEPS:
            medians = [float(np.median(one['cpu'][step])) for one in found[ranks]]
            clock = float(np.median(found[ranks][-1]['seconds'][step]))
            slope, low, high = fits[ranks][step]
            table.add_row(
                step,
                *(f'{value:.2f}' for value in medians),
                f'{slope:.2f} ({low:.2f} to {high:.2f})',
                f'{medians[-1] / rows[-1] * 1e6:.1f}',
                f'{clock:.2f}',
            )
        memory = fits[ranks]['memory']
        table.add_row(
            'memory of a process, MB',
            *(f'{_peak(one) / MB:.0f}' for one in found[ranks]),
            '',
            f'{memory["bytes_per_row"]:.0f} bytes a row',
            '',
        )
        print_table(table)
