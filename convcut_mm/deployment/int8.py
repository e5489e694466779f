"""8-bit integers in the matrix products of an ONNX file."""

from pathlib import Path

import numpy as np

from ..apis.backends.exported import require

# most of a ConvNeXt's weights and time; its depthwise convolutions only get slower in 8 bits
OPERATORS = ['MatMul', 'Gemm']
BATCH = 64


def quantise(path: Path, faces: np.ndarray, operators: list = OPERATORS) -> None:
    """Turns weights and inputs of matrix products into 8-bit integers, in place.

    Args:
        path (Path): The .onnx file.
        faces (ndarray): (N, size, size, 3) uint8; they tell which range each input has.
        operators (list[str]): ONNX operators that are turned. Defaults to matrix products.
    """
    onnx, quantization = require('onnx'), require('onnxruntime.quantization')
    prepare = require('onnxruntime.quantization.shape_inference').quant_pre_process
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    batches = iter([{'faces': faces[i : i + BATCH]} for i in range(0, len(faces), BATCH)])

    class Reader(quantization.CalibrationDataReader):
        """Hands out the faces in batches, then None."""

        def get_next(self):
            return next(batches, None)

    prepared = path.with_name(f'prepared_{path.name}')
    prepare(str(path), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        prepared, path, Reader(), per_channel=True, op_types_to_quantize=operators
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, path)
