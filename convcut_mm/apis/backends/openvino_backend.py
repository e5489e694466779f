"""Exported .xml files in OpenVINO."""

import sys
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from ...errors import ConvcutError
from .exported import ExportedBackend, exported_file, require
from .metadata import KEYS, ModelInfo, Port

SECTION = 'convcut_mm'  # of the model's runtime information
PRECISIONS = dict(float32='f32', bfloat16='bf16')
TYPES = dict(u8='uint8', f32='float32')


class OpenVinoBackend(ExportedBackend):
    """Runs an exported file on the CPU in OpenVINO.

    Args:
        path (str | Path): The .xml file; its .bin file lies beside it.
        threads (int, optional): Cores it uses. Defaults to all.
        precision (str): 'float32' or 'bfloat16', which is faster on processors that have it and
            changes probabilities in the third decimal place. Defaults to 'float32': OpenVINO's own
            default depends on the processor.

    Raises:
        ConvcutError: openvino is missing; no such file, not one that was exported here, or one
            whose metadata don't fit its graph.
    """

    def __init__(
        self, path: str | Path, threads: int | None = None, precision: str = 'float32'
    ) -> None:
        path = exported_file(path, '.xml')
        if precision not in PRECISIONS:
            raise ConvcutError(f'precision "{precision}": expected {" or ".join(PRECISIONS)}')
        weights = path.with_suffix('.bin')
        if not weights.is_file():
            raise ConvcutError(f'{weights}: no such file; it belongs to {path.name}')
        openvino = import_openvino()
        settings: dict[str, Any] = dict(
            PERFORMANCE_HINT='LATENCY', INFERENCE_PRECISION_HINT=PRECISIONS[precision]
        )
        if threads:
            settings['INFERENCE_NUM_THREADS'] = threads
        self._options = threads, precision
        try:
            # Core.read_model would also try the formats of six other programs
            reader = require('openvino.frontend').FrontEndManager().load_by_framework('ir')
            model = reader.convert(reader.load(str(path)))
            strings = {
                name: model.get_rt_info([SECTION, name]).astype(str)
                for name in KEYS
                if model.has_rt_info([SECTION, name])
            }
            inputs, outputs = list(map(_port, model.inputs)), list(map(_port, model.outputs))
        except Exception as error:
            raise _unreadable(path, error) from None
        super().__init__(path, ModelInfo.from_strings(strings, path), inputs, outputs)
        try:
            compiled = openvino.Core().compile_model(model, 'CPU', settings)
            self._request = compiled.create_infer_request()
        except RuntimeError as error:
            raise _unreadable(path, error) from None
        self._lock = Lock()  # a request takes one call at a time

    def __reduce__(self) -> tuple:
        return type(self), (self.path, *self._options), dict(classes=self.classes)

    def _probabilities(self, faces: np.ndarray) -> np.ndarray:
        with self._lock:
            return self._request.infer({0: faces}, share_inputs=True)[0].copy()


def import_openvino() -> ModuleType:
    """Import OpenVINO without the statistics that it sends on import.

    Raises:
        ConvcutError: It is not installed.
    """
    # None is how Python marks what cannot be imported
    sys.modules.setdefault('openvino_telemetry', None)  # type: ignore[arg-type]
    return require('openvino')


def _unreadable(path: Path, error: Exception) -> ConvcutError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ConvcutError(f'{path}: cannot be read as an OpenVINO model ({lines[-1][:300]})')


def _port(node: Any) -> Port:
    shape, kind = node.partial_shape, node.element_type.to_string()
    if shape.rank.is_dynamic:
        return Port(f'{TYPES.get(kind, kind)} of any shape', ())
    sides = (side.get_length() if side.is_static else None for side in shape)
    return Port(TYPES.get(kind, kind), tuple(sides))
