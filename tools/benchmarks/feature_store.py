"""Measure the feature store: same result, speed, faults. Both sides in one run.

    python tools/benchmarks/feature_store.py same --data data/ferplus
    python tools/benchmarks/feature_store.py job --data data/ferplus
    python tools/benchmarks/feature_store.py faults --data data/ferplus
    python tools/benchmarks/feature_store.py forward
    python tools/benchmarks/feature_store.py scale

DATA is the folder that holds FER2013Train and FER2013Valid. Each case prints a comparison and
writes it as JSON to --out. Run nothing else on the machine meanwhile. Backbones have random
weights: time does not depend on them.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from feature_store_cases import faults, forward, job, same, scale

from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

CASES = dict(same=same, job=job, faults=faults, forward=forward, scale=scale)
NO_DATA = ('forward', 'scale')  # cases that need no images


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    cases = parser.add_subparsers(dest='case', required=True)
    for name, module in CASES.items():
        case = cases.add_parser(
            name, description=module.__doc__, help=(module.__doc__ or '').splitlines()[0]
        )
        case.add_argument(
            '--out',
            type=Path,
            default=Path('work_dirs/benchmarks/feature_store'),
            help='folder for logs, stores and results (default: %(default)s)',
        )
        if name not in NO_DATA:
            case.add_argument(
                '--data', type=Path, required=True, help='folder of FER2013Train, FER2013Valid'
            )
        module.add_options(case)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if 'data' in args:
        args.data = args.data.resolve()
        if not (args.data / 'FER2013Train').is_dir():
            raise ConvcutError(f'{args.data}: no folder FER2013Train there')
    args.out = args.out.resolve() / args.case
    args.out.mkdir(parents=True, exist_ok=True)
    print(f'{os.cpu_count()} cores, {sys.platform}', flush=True)
    results = CASES[args.case].run(args)
    write_atomically(args.out / 'figures.json', json.dumps(results, indent=1).encode())
    print(f'\nresults: {args.out / "figures.json"}')


if __name__ == '__main__':
    run_tool(main)
