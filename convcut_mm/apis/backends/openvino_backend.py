"""Exported .xml files in OpenVINO."""

from pathlib import Path
from threading import Lock
from typing import Optional, Union

import numpy as np

from ...errors import ConvcutError
from .exported import ExportedBackend, exported_file, require
from .metadata import ModelInfo

SECTION = 'convcut_mm'  # of the model's runtime information
PRECISIONS = dict(float32='f32', bfloat16='bf16')


class OpenVinoBackend(ExportedBackend):
    """Runs an exported file on the CPU in OpenVINO.

    Args:
        path (str | Path): The .xml file; its .bin file lies beside it.
        threads (int, optional): Cores it uses. Defaults to all.
        precision (str): 'float32' or 'bfloat16', which is faster on processors that have it and
            changes probabilities in the third decimal place. Defaults to 'float32': OpenVINO's own
            default depends on the processor.

    Raises:
        ConvcutError: openvino is missing; no such file, or not one that was exported here.
    """

    def __init__(
        self,
        path: Union[str, Path],
        threads: Optional[int] = None,
        precision: str = 'float32',
    ) -> None:
        path = exported_file(path, '.xml')
        if precision not in PRECISIONS:
            raise ConvcutError(f'precision "{precision}": expected {" or ".join(PRECISIONS)}')
        weights = path.with_suffix('.bin')
        if not weights.is_file():
            raise ConvcutError(f'{weights}: no such file; it belongs to {path.name}')
        openvino = require('openvino')
        settings = dict(PERFORMANCE_HINT='LATENCY', INFERENCE_PRECISION_HINT=PRECISIONS[precision])
        if threads:
            settings['INFERENCE_NUM_THREADS'] = threads
        core = openvino.Core()
        try:
            model = core.read_model(path)
            self._request = core.compile_model(model, 'CPU', settings).create_infer_request()
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ConvcutError(f'{path}: cannot be read as an OpenVINO model ({reason})') from None
        strings = {
            name: model.get_rt_info([SECTION, name]).astype(str)
            for name in ModelInfo._fields
            if model.has_rt_info([SECTION, name])
        }
        super().__init__(path, ModelInfo.from_strings(strings, path))
        self._lock = Lock()  # a request takes one call at a time

    def _scores(self, faces: np.ndarray) -> np.ndarray:
        with self._lock:
            return self._request.infer({0: faces}, share_inputs=True)[0].copy()
