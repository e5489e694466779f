"""Exported .onnx files in ONNX Runtime."""

from pathlib import Path
from typing import Optional, Union

import numpy as np

from ...errors import ConvcutError
from .exported import ExportedBackend, exported_file, require
from .metadata import ModelInfo

ERRORS_ONLY = 3  # onnxruntime's log level


class OnnxRuntimeBackend(ExportedBackend):
    """Runs an exported file on the CPU in ONNX Runtime.

    Args:
        path (str | Path): The .onnx file.
        threads (int, optional): Cores it uses. Defaults to all.

    Raises:
        ConvcutError: onnxruntime is missing; no such file, or not one that was exported here.
    """

    def __init__(self, path: Union[str, Path], threads: Optional[int] = None) -> None:
        path = exported_file(path, '.onnx')
        onnxruntime = require('onnxruntime')
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = threads or 0
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # its errors have no base class of their own
            raise ConvcutError(
                f'{path}: cannot be read as an ONNX model ({str(error).splitlines()[0]})'
            ) from None
        strings = self._session.get_modelmeta().custom_metadata_map
        super().__init__(path, ModelInfo.from_strings(strings, path))
        self._input = self._session.get_inputs()[0].name

    def _scores(self, faces: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input: faces})[0]
