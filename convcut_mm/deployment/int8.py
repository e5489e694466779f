"""Quantise the matrix products of an ONNX file to 8-bit integers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..apis.backends.exported import require

# most of a ConvNeXt's weights and time; 8 bits make its depthwise convolutions slower
OPERATORS = ['MatMul', 'Gemm']
BATCH = 64


def quantise(path: Path, faces: np.ndarray, operators: Sequence[str] = OPERATORS) -> None:
    """Quantise weights and inputs of matrix products, in place.

    Args:
        path (Path): The .onnx file.
        faces (ndarray): (N, size, size, 3) uint8; they calibrate the range of each input.
        operators (Sequence[str]): ONNX operators to quantise. Defaults to matrix products.
    """
    onnx, quantization = require('onnx'), require('onnxruntime.quantization')
    reader: Any = quantization.CalibrationDataReader
    prepare = require('onnxruntime.quantization.shape_inference').quant_pre_process
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    batches = iter([{'faces': faces[i : i + BATCH]} for i in range(0, len(faces), BATCH)])

    class Reader(reader):
        """The faces in batches, then None."""

        def get_next(self) -> dict[str, np.ndarray] | None:
            """Return the next batch."""
            return next(batches, None)

    prepared = path.with_name(f'prepared_{path.name}')
    prepare(str(path), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        prepared, path, Reader(), per_channel=True, op_types_to_quantize=list(operators)
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, path)
