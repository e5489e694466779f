"""The manifest of an entry: what its features depend on, dtype and shape of a row."""

import hashlib
import json
import math
from pathlib import Path
from typing import Union

import torch

from ..errors import ConvcutError
from .fingerprint import NAMES

FORMAT_VERSION = 1
DTYPES = {'float32': torch.float32, 'float16': torch.float16, 'bfloat16': torch.bfloat16}


def entry_folder(root: Union[str, Path], identity: dict) -> Path:
    """The folder of the entry of ``identity`` below ``root``."""
    text = json.dumps(dict(format_version=FORMAT_VERSION, **identity), sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Path(root) / f'{identity["backbone"]["type"].rsplit(".", 1)[-1].lower()}-{name}'


def read_manifest(folder: Path) -> dict:
    """The manifest of an entry."""
    path = folder / 'manifest.json'
    try:
        manifest = json.loads(path.read_text())
        version = manifest['format_version']
        missing = {'shape', 'dtype', *NAMES} - set(manifest)
        if version == FORMAT_VERSION and missing:
            raise KeyError(missing)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConvcutError(
            f'{path}: not the manifest of a feature store, remove {folder}'
        ) from error
    if version != FORMAT_VERSION:
        raise ConvcutError(
            f'{path}: format version {version}, this program reads {FORMAT_VERSION}; '
            f'remove {folder}'
        )
    return manifest


def row_bytes(shape: tuple, dtype: torch.dtype) -> int:
    """Bytes of a row of that shape."""
    return math.prod(shape) * dtype.itemsize
