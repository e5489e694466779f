"""Export a model to ONNX or OpenVINO, and check that the file computes what PyTorch computes.

    python tools/deployment/export.py CONFIG CHECKPOINT --format onnx
    python tools/deployment/export.py CONFIG CHECKPOINT --format openvino --out model.xml
    python tools/deployment/export.py convcut-atto_ferplus --format onnx   # its own weights
    python tools/deployment/export.py CONFIG CHECKPOINT --format onnx --int8 FOLDER_OF_FACES
    python tools/infer.py photo.jpg --out results --backend onnxruntime --model model.onnx

The file computes probabilities (N, C) of uint8 RGB faces (N, size, size, 3), for any N. Its
metadata has the size and the class names. Models whose predictions depend on the batch are
refused, and so are files that differ from PyTorch by more than --tolerance. See
docs/deployment.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from convcut import run_tool, start_up
from convcut_mm.cli.options import add_cfg_options
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError

if TYPE_CHECKING:
    import numpy as np

    from convcut_mm.apis.backends import Backend

SUFFIXES = dict(onnx='.onnx', openvino='.xml')
CALIBRATION = 1024  # faces


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file, or name in the zoo')
    parser.add_argument(
        'checkpoint', nargs='?', help="checkpoint file (default: the zoo's weights of that name)"
    )
    parser.add_argument('--format', choices=SUFFIXES, required=True, help='file format')
    parser.add_argument(
        '--out', type=Path, help='file to write (default: in work_dirs/deployment)'
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-4,
        help="largest accepted difference from PyTorch's probabilities (default: %(default)g)",
    )
    parser.add_argument(
        '--int8',
        metavar='FOLDER',
        help='compute matrix products in 8-bit integers, calibrated on up to '
        f'{CALIBRATION} images of faces in this folder, similar to the training images',
    )
    add_cfg_options(parser, 'the config', data=False)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.apis.backends.torch_backend import TorchBackend
        from convcut_mm.apis.load_classifier import load_classifier
        from convcut_mm.deployment import export
    out = args.out or default_out(args.config, args.format)
    weights = True if args.checkpoint is None else args.checkpoint
    options = dict(cfg_options=args.cfg_options, device='cpu')
    backend = TorchBackend(load_classifier(args.config, weights, **options))
    faces = None if args.int8 is None else typical_faces(Path(args.int8), backend)
    files, info, parity, int8 = export(backend, out, args.format, args.tolerance, faces)
    for file in files:
        print(f'{file}: {file.stat().st_size / 1e6:.1f} MB')
    print(f'input: uint8 faces (N, {info.size}, {info.size}, 3), red, green, blue')
    print(f'output: probabilities (N, {len(info.classes)}): {", ".join(info.classes)}')
    print(
        f'largest difference from PyTorch on {parity.faces} pictures: {parity.difference:.2g} '
        f'(tolerance {args.tolerance:g}); other labels on {parity.labels}'
    )
    if int8 is not None:
        print(
            f'8-bit integers: on {int8.faces} of the faces probabilities differ by up to '
            f'{int8.difference:.2g}, other labels on {int8.labels}'
        )


def default_out(config: str, format: str) -> Path:
    """Return a file in work_dirs/deployment, named after the config."""
    return Path('work_dirs/deployment') / f'{Path(config).stem}{SUFFIXES[format]}'


def typical_faces(folder: Path, backend: Backend) -> np.ndarray:
    """Read faces spread evenly over a folder, in the model's size."""
    import numpy as np

    from convcut_mm.apis.crops import fitted
    from convcut_mm.apis.inputs.images import read_image
    from convcut_mm.apis.inputs.kinds import is_media_name
    from convcut_mm.apis.inputs.sources import files_below

    files = [file for file in files_below(folder) if is_media_name(file)]
    if len(files) < 2:
        raise ConvcutError(f'--int8 {folder}: not a folder with two or more images of faces')
    chosen = np.linspace(0, len(files) - 1, min(CALIBRATION, len(files))).astype(int)
    return np.stack([fitted(read_image(files[i]), backend) for i in chosen])


if __name__ == '__main__':
    run_tool(main)
