"""Measures what 8-bit integers cost and save: accuracy on FER2013Valid, time of a face.

    python tools/deployment/export.py CONFIG CHECKPOINT --format onnx --out model.onnx
    python tools/benchmarks/int8.py model.onnx --data data/ferplus

ONNX Runtime's quantisation of an exported file in three ways: dynamic (weights ahead, maps while
it runs), and static with the ranges of maps taken from faces of FER2013Train, by their extremes or
by percentiles. The tool for export offers none of them unless the loss is below half a point.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from inference_sides.faces import ferplus_faces
from inference_sides.ours import OurSide
from onnxruntime import quantization
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
from onnxruntime.quantization.shape_inference import quant_pre_process

from convcut_mm.apis.backends import OnnxRuntimeBackend
from convcut_mm.utils import tool
from convcut_mm.visualization.options import positive

BATCH = 64
STATIC = {
    'static, extremes': dict(calibrate_method=CalibrationMethod.MinMax),
    'static, percentiles': dict(calibrate_method=CalibrationMethod.Percentile),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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


class Faces(CalibrationDataReader):
    """Hands faces to the calibration, in batches."""

    def __init__(self, faces: np.ndarray, name: str) -> None:
        self._batches = iter([{name: faces[i : i + BATCH]} for i in range(0, len(faces), BATCH)])

    def get_next(self):
        """The next batch, or None."""
        return next(self._batches, None)


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    original = OnnxRuntimeBackend(args.model, args.threads)
    faces, truth = ferplus_faces(args.data, 'valid', original.size)
    calibration, _ = ferplus_faces(args.data, 'train', original.size, args.calibration)
    sides = [OurSide('float32', original, faces)]
    with tempfile.TemporaryDirectory() as folder:
        for name, file in quantised(args.model, calibration, Path(folder)).items():
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


def quantised(model: Path, calibration: np.ndarray, folder: Path) -> dict:
    """Quantises a file; gives {name: file}."""
    prepared = folder / 'prepared.onnx'
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    name = onnx.load(model).graph.input[0].name
    files = {'dynamic': folder / 'dynamic.onnx'}
    quantization.quantize_dynamic(prepared, files['dynamic'], per_channel=True)
    for way, settings in STATIC.items():
        files[way] = folder / f'{len(files)}.onnx'
        reader = Faces(calibration, name)
        quantization.quantize_static(prepared, files[way], reader, per_channel=True, **settings)
    properties = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    for file in files.values():
        changed = onnx.load(file)
        onnx.helper.set_model_props(changed, properties)
        onnx.save(changed, file)
    return files


if __name__ == '__main__':
    tool.run_tool(main)
