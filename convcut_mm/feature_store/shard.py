"""Files of a shard: its rows in SHARD.bin, memory-mapped; their list and checksums in SHARD.json.

A shard exists once its .json does, which is written last.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from ..utils.atomic import atomic_file, write_atomically
from ..utils.hashing import file_sha256
from .row import HasKey, StoredRow

SHARD_FILE = re.compile(r'([0-9a-f]{16})\.(?:bin|json)')
# what a killed process leaves of a shard or a manifest
UNFINISHED_FILE = re.compile(r'\.([0-9a-f]{16}|manifest)\.(?:bin|json)\..*convcut-tmp')
# errors of a .json that is not what was written
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class ShardList(NamedTuple):
    """Contents of a shard's .json."""

    rows: list[StoredRow]
    rows_sha256: str  # of the list itself
    sha256: str  # of the .bin


def shard_name(rows: Sequence[HasKey]) -> str:
    """Name a shard after its rows: processes that plan the same rows write the same file."""
    text = '\n'.join(f'{row.sha256} {row.view}' for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_list(folder: Path, name: str) -> ShardList:
    """Read a shard's .json.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError: The file is
            missing or not what was written (``UNREADABLE``).
    """
    content = json.loads((folder / f'{name}.json').read_text())
    rows = [StoredRow(**row) for row in content['rows']]
    return ShardList(rows, content['list'], content['sha256'])


def map_shard(folder: Path, name: str, row_bytes: int) -> np.ndarray:
    """Map a shard's .bin into memory, read-only, (rows, row_bytes)."""
    path = folder / f'{name}.bin'
    # not numpy's memmap, which keeps the file open: 1,024 open files are usual, as are more shards
    name_of_file: Any = os.fsencode(path)  # it takes bytes too, and str only if it is UTF-8
    size = path.stat().st_size
    mapped = torch.from_file(name_of_file, shared=False, size=size, dtype=torch.uint8).numpy()
    mapped.flags.writeable = False
    return mapped.reshape(-1, row_bytes)


def find_damage(folder: Path, name: str, row_bytes: int) -> str:
    """Say what is wrong with a shard, '' if its contents are those that were written."""
    try:
        listed = read_list(folder, name)
    except FileNotFoundError:
        return f'{name}.json is missing'
    except UNREADABLE:
        return f'{name}.json is not readable'
    # the name is a hash of the rows' keys
    if listed.rows_sha256 != _rows_sha256(listed.rows) or shard_name(listed.rows) != name:
        return f'{name}.json is not what was written (checksum)'
    path = folder / f'{name}.bin'
    expected = len(listed.rows) * row_bytes
    if not path.is_file():
        return f'{name}.bin is missing'
    if path.stat().st_size != expected:
        return f'{name}.bin has {path.stat().st_size} bytes instead of {expected}'
    if file_sha256(path) != listed.sha256:
        return f'{name}.bin is not what was written (checksum)'
    return ''


def write_shard(
    folder: Path, name: str, batches: Iterable[tuple[list[StoredRow], torch.Tensor]]
) -> None:
    """Write a shard; the caller holds its lock.

    Args:
        folder: Folder of the entry.
        name: :func:`shard_name` of the rows.
        batches: Rows and their features, (B, H, W, C) of the entry's dtype.

    Raises:
        OSError: The disk is full; nothing of the shard is left then.
    """
    path = folder / f'{name}.bin'
    digest = hashlib.sha256()
    rows: list[StoredRow] = []
    with atomic_file(path) as file:
        for batch_rows, features in batches:
            content = features.contiguous().flatten().view(torch.uint8).numpy().data
            digest.update(content)
            file.write(content)
            rows += batch_rows
    listed = dict(
        sha256=digest.hexdigest(), list=_rows_sha256(rows), rows=[row.as_dict() for row in rows]
    )
    try:
        write_atomically(folder / f'{name}.json', json.dumps(listed).encode())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _rows_sha256(rows: Sequence[StoredRow]) -> str:
    text = json.dumps([row.as_dict() for row in rows])
    return hashlib.sha256(text.encode()).hexdigest()
