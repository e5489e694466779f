"""Exported .onnx files in ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConvcutError
from ...utils.text import first_line
from .exported import ExportedBackend, exported_file, require
from .metadata import ModelInfo, Port

FATAL_ONLY = 4  # onnxruntime's log level; errors come as exceptions too
TYPES = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}


class OnnxRuntimeBackend(ExportedBackend):
    """Runs an exported file on the CPU in ONNX Runtime.

    The file is whole: weights in other files, and operators that ONNX Runtime does not bring, are
    refused.

    Args:
        path (str | Path): The .onnx file.
        threads (int, optional): Cores it uses. Defaults to all.

    Raises:
        ConvcutError: onnxruntime is missing; no such file, not one that was exported here, or one
            whose metadata don't fit its graph.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        path = exported_file(path, '.onnx')
        onnxruntime = require('onnxruntime')
        options = onnxruntime.SessionOptions()
        options.log_severity_level = FATAL_ONLY
        options.intra_op_num_threads = threads or 0
        self._threads = threads
        try:
            # from bytes: a graph without a place has no files beside it that it could name
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=['CPUExecutionProvider']
            )
        except OSError as error:
            raise ConvcutError(f'{path}: cannot be read ({error.strerror})') from None
        except Exception as error:  # its errors have no base class of their own
            raise ConvcutError(
                f'{path}: cannot be read as an ONNX model ({first_line(error)[:300]})'
            ) from None
        strings = self._session.get_modelmeta().custom_metadata_map
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        info = ModelInfo.from_strings(strings, path)
        super().__init__(path, info, list(map(_port, inputs)), list(map(_port, outputs)))
        self._input = inputs[0].name

    def __reduce__(self) -> tuple:
        return type(self), (self.path, self._threads), dict(classes=self.classes)

    def _probabilities(self, faces: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input: faces})[0]


def _port(node: Any) -> Port:
    sides = (side if isinstance(side, int) else None for side in node.shape)
    return Port(TYPES.get(node.type, node.type), tuple(sides))
