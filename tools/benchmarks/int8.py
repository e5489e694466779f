"""Measures what 8-bit integers cost and save: accuracy on FER2013Valid, time of a face.

    python tools/deployment/export.py CONFIG CHECKPOINT --format onnx --out model.onnx
    python tools/benchmarks/int8.py model.onnx --data data/ferplus   # FER2013Valid

ONNX Runtime's static quantisation of an exported file, with the ranges of maps taken from faces of
FER2013Train: of the matrix products only (what export.py --int8 does), and of convolutions too.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from inference_sides.faces import ferplus_faces
from inference_sides.ours import OurSide

from convcut_mm.apis.backends import OnnxRuntimeBackend
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.cli.run import run_tool
from convcut_mm.deployment.int8 import OPERATORS, quantise

SETS = {
    'matrix products': OPERATORS,
    'and convolutions': [*OPERATORS, 'Conv'],
}


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('model', type=Path, help='.onnx file of tools/deployment/export.py')
    parser.add_argument(
        '--data', type=Path, required=True, help='folder of FER2013Train, FER2013Valid'
    )
    parser.add_argument(
        '--calibration', type=positive, default=512, help='faces for ranges (default: %(default)s)'
    )
    parser.add_argument('--threads', type=positive, default=2, help='cores (default: %(default)s)')
    parser.add_argument('--rounds', type=positive, default=9, help='default: %(default)s')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    original = OnnxRuntimeBackend(args.model, args.threads)
    faces, truth = ferplus_faces(args.data, 'valid', original.size)
    calibration, _ = ferplus_faces(args.data, 'train', original.size, args.calibration)
    sides = [OurSide('float32', original, faces)]
    with tempfile.TemporaryDirectory() as folder:
        for name, operators in SETS.items():
            file = Path(folder) / f'{len(sides)}.onnx'
            shutil.copy(args.model, file)
            quantise(file, calibration, operators)
            print(f'{name}: {file.stat().st_size / 1e6:.1f} MB')
            sides.append(OurSide(name, OnnxRuntimeBackend(file, args.threads), faces))
    answers = {side.name: np.array(side.expressions()) for side in sides}
    seconds: dict = {side.name: [] for side in sides}
    for _ in range(args.rounds):
        for side in sides:
            side.seconds(1, 3)
            seconds[side.name] += side.seconds(1, 100)
    right = {name: 100 * np.mean(given == np.array(truth)) for name, given in answers.items()}
    print(f'FER2013Valid, majority rule, {len(truth)} images; {args.threads} threads')
    for name, found in seconds.items():
        print(
            f'  {name:20s} {right[name]:.2f} % right ({right[name] - right["float32"]:+.2f} '
            f'points), one face {1e3 * np.median(found):.2f} ms, '
            f'{np.median(seconds["float32"]) / np.median(found):.2f} times float32'
        )


if __name__ == '__main__':
    run_tool(main)
