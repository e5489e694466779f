"""Export a model, and publish the file only if it computes what PyTorch computes."""

import copy
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..apis.backends import Backend, OnnxRuntimeBackend, OpenVinoBackend, TorchBackend
from ..apis.backends.metadata import ModelInfo
from ..errors import ConvcutError
from ..utils.drafts import put, scratch_folder
from .formats import write_onnx, write_openvino
from .graph import FaceGraph
from .int8 import quantise
from .parity import Parity, compare, sample_faces


class Format(NamedTuple):
    """A file format: the suffix, a function that writes it and a backend that runs it."""

    suffix: str
    write: Callable[[FaceGraph, ModelInfo, Path], None]
    backend: Callable[[Path], Backend]


FORMATS = dict(
    onnx=Format('.onnx', write_onnx, OnnxRuntimeBackend),
    openvino=Format('.xml', write_openvino, OpenVinoBackend),
)
MOST_OTHER_LABELS = 0.02  # fraction of faces whose predicted label 8-bit integers may change
TOLERANCE = 1e-4  # another order of float32 summation changes less than a tenth of it


class Exported(NamedTuple):
    """The result of an export.

    Attributes:
        files: The files; the first one is the one to open.
        info: Their metadata.
        parity: Comparison of the float32 file with PyTorch.
        int8: Comparison of 8-bit integers with PyTorch. Defaults to None: float32 throughout.
    """

    files: list[Path]
    info: ModelInfo
    parity: Parity
    int8: Parity | None = None


def export(
    model: TorchBackend,
    out: str | Path,
    format: str,
    tolerance: float = TOLERANCE,
    calibration: np.ndarray | None = None,
) -> Exported:
    """Write a file that computes probabilities of uint8 RGB faces (N, size, size, 3).

    Args:
        model (TorchBackend): The model with its classes and input size, as in
            ``ExpressionInferencer(...).backend``.
        out (str | Path): The file, .onnx or .xml.
        format (str): 'onnx' or 'openvino'.
        tolerance (float): Largest accepted difference from PyTorch's probabilities. Defaults to
            1e-4.
        calibration (ndarray, optional): Typical faces, (N, size, size, 3) uint8, for matrix
            products in 8-bit integers, in ONNX only. Every second face calibrates the ranges, the
            others are compared with PyTorch. Defaults to None: float32 throughout.

    Raises:
        ConvcutError: The format is unknown or the suffix does not fit it; weights are not finite;
            the model depends on its batch; or the file computes something else than PyTorch.
            Nothing is written then.
    """
    if format not in FORMATS:
        raise ConvcutError(f'format "{format}": expected {" or ".join(FORMATS)}')
    suffix, write, backend = FORMATS[format]
    out = Path(out)
    if out.suffix.lower() != suffix:
        raise ConvcutError(f'{out}: expected a name that ends in {suffix}, for format {format}')
    weights = out.with_suffix('.bin')
    if format == 'openvino' and weights.exists() and not out.exists():
        raise ConvcutError(f'{weights}: exists without {out.name}; choose another name')
    if calibration is not None and (format != 'onnx' or len(calibration) < 2):
        raise ConvcutError('8-bit integers need the format onnx and at least two faces')
    if not 0 <= tolerance < 1:
        raise ConvcutError(f'tolerance {tolerance:g}: expected 0 or more, and less than 1')
    for name, tensor in model.model.state_dict().items():
        if not tensor.isfinite().all():
            raise ConvcutError(
                f'{out}: not written, because the weights hold NaN or infinite numbers '
                f'("{name}"); use a checkpoint from before the training diverged'
            )
    graph = FaceGraph(copy.deepcopy(model.model).cpu()).eval()
    info = ModelInfo(model.classes, model.size, model.grey, model.crop_ratio)
    with scratch_folder(out) as folder, _temporary_files_in(folder):
        draft = folder / f'model{suffix}'
        write(graph, info, draft)
        parity = compare(model, backend(draft), sample_faces(model.size))
        if parity.difference > tolerance:
            raise ConvcutError(
                f'{out}: not written, because its probabilities differ from those of PyTorch by '
                f'up to {parity.difference:.2g} on {parity.faces} pictures, more than the '
                f'tolerance of {tolerance:g}'
            )
        int8 = None
        if calibration is not None:
            quantise(draft, calibration[::2])
            int8 = compare(model, backend(draft), calibration[1::2])
            if int8.labels > MOST_OTHER_LABELS * int8.faces:
                raise ConvcutError(
                    f'{out}: not written, because 8-bit integers change the predicted label of '
                    f'{int8.labels} of {int8.faces} faces, more than {MOST_OTHER_LABELS:.0%}; '
                    'export without them'
                )
        return Exported(_publish(draft, out), info, parity, int8)


def _publish(draft: Path, out: Path) -> list[Path]:
    """Move complete files to their place; of a pair, the one to open comes last."""
    weights = draft.with_suffix('.bin')
    if not weights.is_file():
        put(draft, out)
        return [out]
    out.unlink(missing_ok=True)  # an old .xml never lies beside a new .bin
    put(weights, out.with_suffix('.bin'))
    put(draft, out)
    return [out, out.with_suffix('.bin')]


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let torch and onnxruntime write temporary files here: a kill leaves none in TMPDIR."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
