"""Exports a model, checks the file against PyTorch, and only then puts it in its place."""

import copy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np

from ..apis.backends import OnnxRuntimeBackend, OpenVinoBackend, TorchBackend
from ..apis.backends.metadata import ModelInfo
from ..errors import ConvcutError
from ..utils.drafts import put, scratch_folder
from .formats import write_onnx, write_openvino
from .graph import FaceGraph
from .int8 import quantise
from .parity import Parity, compare, sample_faces


class Format(NamedTuple):
    """A file format: how its name ends, what writes it, what runs it."""

    suffix: str
    write: callable
    backend: type


FORMATS = dict(
    onnx=Format('.onnx', write_onnx, OnnxRuntimeBackend),
    openvino=Format('.xml', write_openvino, OpenVinoBackend),
)
MOST_OTHER_LABELS = 0.02  # of the faces, for 8-bit integers
TOLERANCE = 1e-4  # float32 in another order of summation stays below a tenth of it


class Exported(NamedTuple):
    """What came of an export.

    Attributes:
        files (list[Path]): What was written; the first one is to be opened.
        info (ModelInfo): Their metadata.
        parity (Parity): How they compare with PyTorch; before 8-bit integers.
        int8 (Parity, optional): How 8-bit integers compare with PyTorch.
    """

    files: list
    info: ModelInfo
    parity: Parity
    int8: Optional[Parity] = None


def export(
    model: TorchBackend,
    out: Union[str, Path],
    format: str,
    tolerance: float = TOLERANCE,
    calibration: Optional[np.ndarray] = None,
) -> Exported:
    """Writes a file that takes uint8 faces (N, size, size, 3), red first, and gives probabilities.

    Args:
        model (TorchBackend): The model with its classes and input size, as in
            ``ExpressionInferencer(...).backend``.
        out (str | Path): The file, .onnx or .xml.
        format (str): 'onnx' or 'openvino'.
        tolerance (float): Largest difference from PyTorch's probabilities that is accepted.
            Defaults to 1e-4.
        calibration (ndarray, optional): (N, size, size, 3) uint8, typical faces: turns matrix
            products into 8-bit integers, in ONNX only. Every second face gives the ranges, the
            others are compared with PyTorch. Defaults to None: float32 throughout.

    Raises:
        ConvcutError: An unknown format or another suffix; weights that are NaN or infinite; a
            model that looks at its batch; a file that computes something else than PyTorch.
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
        raise ConvcutError(f'{weights}: there already without {out.name}; choose another name')
    if calibration is not None and (format != 'onnx' or len(calibration) < 2):
        raise ConvcutError('8-bit integers need format onnx, and at least two faces for ranges')
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
                    f'{out}: not written, because 8-bit integers change the answer for '
                    f'{int8.labels} of {int8.faces} faces, more than {MOST_OTHER_LABELS:.0%}'
                )
        return Exported(_publish(draft, out), info, parity, int8)


def _publish(draft: Path, out: Path) -> list:
    """Moves whole files to their place; of a pair, the one that is opened comes last."""
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
    """Keeps torch's and onnxruntime's out of TMPDIR, where those of a killed process stay."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
