"""The manifest of an entry: what its features depend on, and dtype and shape of a row."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import ConvcutError
from .fingerprint import NAMES

# 2: the name of an entry includes the shape and all settings of the backbone
FORMAT_VERSION = 2
DTYPES = {'float32': torch.float32, 'float16': torch.float16, 'bfloat16': torch.bfloat16}
_MOST_BYTES = 1 << 20  # of a manifest; usual ones have a thousandth of it


def new_manifest(identity: dict, shape: Sequence[int]) -> dict:
    """Make the manifest of an entry from an :func:`identity` and the shape of a row."""
    return dict(format_version=FORMAT_VERSION, shape=list(shape), **identity)


def entry_folder(root: str | Path, manifest: dict) -> Path:
    """Return the folder below ``root`` of the entry with that manifest, named by its hash."""
    text = json.dumps(manifest, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Path(root) / f'{manifest["backbone"]["type"].rsplit(".", 1)[-1].lower()}-{name}'


def read_manifest(folder: Path) -> dict:
    """Read the manifest of an entry.

    Raises:
        ConvcutError: The manifest is missing, malformed, of another version, or does not match
            the hash in the folder's name.
    """
    path = folder / 'manifest.json'
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            raise ValueError(path)
        manifest = json.loads(path.read_text())
        version = manifest['format_version']
        whole = version != FORMAT_VERSION or _is_whole(manifest)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_manifest(path) from error
    if not whole:
        raise _no_manifest(path)
    if version != FORMAT_VERSION:
        raise ConvcutError(
            f'{path}: format version {version!r}, this program reads {FORMAT_VERSION}; '
            f'remove {folder}'
        )
    if entry_folder(folder.parent, manifest).name != folder.resolve().name:
        raise ConvcutError(
            f"{path}: was changed, it does not fit the folder's name any more; remove {folder}"
        )
    return manifest


def _no_manifest(path: Path) -> ConvcutError:
    return ConvcutError(f'{path}: not the manifest of a feature store, remove {path.parent}')


def _is_whole(manifest: dict) -> bool:
    """Return whether all fields are there and have the expected types."""
    steps = [manifest['backbone'], *manifest['pipeline']]
    texts = [manifest[key] for key in ('structure', 'weights', 'compute')]
    texts += [step['type'] for step in steps]
    return (
        manifest.keys() >= NAMES.keys()
        and manifest['dtype'] in DTYPES
        and _is_shape(manifest['shape'])
        and isinstance(manifest['backbone'].get('settings'), (dict, type(None)))
        and all(isinstance(text, str) and text.isprintable() for text in texts)
    )


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and 1 <= len(shape) <= 3
        and all(type(size) is int and size > 0 for size in shape)
    )


def row_bytes(shape: Sequence[int], dtype: torch.dtype) -> int:
    """Return the bytes of a row of that shape."""
    return math.prod(shape) * dtype.itemsize
