"""Write and read predictions as .npz, which, unlike a pickle, cannot hold code."""

import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConvcutError
from ...utils.text import first_line

PARTS = ('paths', 'labels', 'scores')
MARKS = 'duplicate'  # only if the data set knows it
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def to_npz(
    paths: list[str],
    labels: np.ndarray,
    probabilities: np.ndarray,
    duplicate: np.ndarray | None = None,
) -> bytes:
    """Return the content of a .npz file of predictions.

    Args:
        paths (list[str]): Path of each of N images.
        labels (np.ndarray): True classes, integers of shape (N, ).
        probabilities (np.ndarray): Shape (N, C).
        duplicate (np.ndarray, optional): Whether a copy of each image stands in another split,
            bool of shape (N, ). Defaults to None: not looked for.
    """
    content = io.BytesIO()
    # JSON: names may have any length and any characters
    text = np.frombuffer(json.dumps(paths).encode(), np.uint8)
    parts: dict[str, Any] = dict(paths=text, labels=labels, scores=probabilities)
    if duplicate is not None:
        parts[MARKS] = duplicate
    np.savez(content, **parts)
    return content.getvalue()


def load_npz(path: str | Path) -> list[dict]:
    """Read a file that :func:`to_npz` wrote, and no other .npz file.

    Returns:
        list[dict]: ``img_path``, ``gt_label`` and ``pred_score`` of each image, and ``duplicate``
        if it is in the file.

    Raises:
        ConvcutError: No such file, or not a whole file of predictions.
    """
    path = Path(path)
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file of predictions')
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _parts(archive, path.stat().st_size)
        paths = json.loads(parts['paths'].tobytes())
        if not isinstance(paths, list) or not len(paths) == len(labels := parts['labels']):
            raise ValueError('paths and labels differ in number')
        if parts['scores'].ndim != 2 or len(parts['scores']) != len(paths) or labels.ndim != 1:
            raise ValueError('scores and labels differ in number')
        if MARKS in parts and parts[MARKS].shape != labels.shape:
            raise ValueError('marks of duplicates and labels differ in number')
    except Exception as error:  # zipfile, numpy and JSON raise many types on damaged files
        line = first_line(error)
        raise ConvcutError(f'{path}: not a whole file of predictions ({line})') from None
    samples = [
        dict(img_path=name, gt_label=int(label), pred_score=row)
        for name, label, row in zip(paths, labels, parts['scores'], strict=True)
    ]
    for sample, mark in zip(samples, parts.get(MARKS, ())):
        sample[MARKS] = bool(mark)
    return samples


def _parts(archive: zipfile.ZipFile, size: int) -> dict[str, np.ndarray]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if set(entries) - {f'{MARKS}.npy'} != {f'{name}.npy' for name in PARTS}:
        raise ValueError(f'expected {", ".join(PARTS)} in it')
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries.values())
    if not stored or sum(entry.file_size for entry in entries.values()) > size:
        raise ValueError('larger inside than outside')
    names = [entry.removesuffix('.npy') for entry in entries]
    return {name: _array(archive.read(f'{name}.npy'), name) for name in names}


def _array(content: bytes, name: str) -> np.ndarray:
    # not numpy.load, which allocates what the header claims before it looks at the content
    file = io.BytesIO(content)
    shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    kinds = dict(paths='u', labels='iu', scores='f', duplicate='b')
    if dtype.kind not in kinds[name] or dtype.hasobject:
        raise ValueError(f'{name} of type {dtype}')
    numbers = content[file.tell() :]
    if math.prod(shape) * dtype.itemsize != len(numbers):
        raise ValueError(f'{name} of shape {shape} with {len(numbers)} bytes')
    return np.frombuffer(bytearray(numbers), dtype).reshape(shape, order='F' if fortran else 'C')
