"""The store: files only. It knows rows of numbers and their keys, no images and no model.

    DIR/ENTRY/manifest.json     what the features were computed with, dtype, shape of a row
    DIR/ENTRY/SHARD.bin         rows one after another, memory-mapped
    DIR/ENTRY/SHARD.json        the rows' images and views, the checksum of SHARD.bin
    DIR/ENTRY/lock              byte ranges of it are locked, see locks.py

An entry belongs to one backbone, data preprocessor, deterministic pipeline, dtype and shape. Its
name is a hash of its manifest, so that it can't be mistaken for another. A row belongs to the
*contents* of an image and a view of it. Files of other names are the user's: nothing reads or
removes them.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch

from ..errors import ConvcutError
from ..utils.atomic import write_atomically
from .index import StoreIndex
from .locks import Locks
from .manifest import DTYPES, entry_folder, read_manifest, row_bytes
from .row import StoredRow
from .shard import (
    SHARD_FILE,
    UNFINISHED_FILE,
    UNREADABLE,
    find_damage,
    map_shard,
    read_list,
    write_shard,
)

# limits of what a killed build loses, and of the number of files of a large store
SHARD_BYTES = 32 << 20
SHARD_ROWS = 1024


class StoreEntry:
    """The features of one backbone under one pipeline.

    Args:
        folder: Folder of the entry; :meth:`open_or_create` finds its name.

    Raises:
        ConvcutError: The manifest is of another version or was changed.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self.locks = Locks(self.folder)

    @classmethod
    def open_or_create(cls, root: str | Path, manifest: dict) -> 'StoreEntry':
        """Open the entry with that manifest, and create it first if it does not exist.

        Args:
            root: Folder of all entries.
            manifest: What the features depend on, see ``manifest.py``.
        """
        folder = entry_folder(root, manifest)
        folder.mkdir(parents=True, exist_ok=True)
        with Locks(folder).manifest():
            if not (folder / 'manifest.json').is_file():
                content = json.dumps(manifest, indent=1).encode()
                write_atomically(folder / 'manifest.json', content)
        return cls(folder)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row: (H, W, C), (L, C) or (C,)."""
        return tuple(self.manifest['shape'])

    @property
    def dtype(self) -> torch.dtype:
        """Type of the numbers in the files."""
        return DTYPES[self.manifest['dtype']]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return row_bytes(self.shape, self.dtype)

    @property
    def rows_per_shard(self) -> int:
        """Rows in every shard but the last."""
        return max(1, min(SHARD_ROWS, SHARD_BYTES // self.row_bytes))

    def shards(self) -> list[str]:
        """List the names of the complete shards."""
        lists = (path.name for path in self.folder.glob('*.json'))
        return sorted(name[:-5] for name in lists if SHARD_FILE.fullmatch(name))

    def rows(self) -> Iterator[tuple[str, int, StoredRow]]:
        """Yield all rows, each with its shard and its number in the shard.

        Skip lists that can't be read; :meth:`damage` names them.
        """
        for shard in self.shards():
            try:
                rows = read_list(self.folder, shard).rows
            except UNREADABLE:
                continue
            for number, row in enumerate(rows):
                yield shard, number, row

    def index(self) -> StoreIndex:
        """Return where each row is; skip lists that can't be read. This reads all lists."""
        index = StoreIndex()
        for shard in self.shards():
            with contextlib.suppress(*UNREADABLE):
                index.add(shard, read_list(self.folder, shard).rows)
        return index

    def mapped(self, shard: str) -> np.ndarray:
        """Map a shard into memory, read-only, (rows, bytes of a row)."""
        return map_shard(self.folder, shard, self.row_bytes)

    def damage(self, shard: str) -> str:
        """Say what is wrong with a shard, '' if its contents are those that were written."""
        return find_damage(self.folder, shard, self.row_bytes)

    def remove_shard(self, shard: str) -> None:
        """Remove a shard; processes that have mapped it keep their data."""
        (self.folder / f'{shard}.json').unlink(missing_ok=True)
        (self.folder / f'{shard}.bin').unlink(missing_ok=True)

    def has(self, shard: str) -> bool:
        """Return whether the shard is complete."""
        return (self.folder / f'{shard}.json').is_file()

    def write_shard(
        self, shard: str, batches: Iterable[tuple[list[StoredRow], torch.Tensor]]
    ) -> None:
        """Write a shard whose lock the caller holds, see :func:`write_shard`."""
        write_shard(self.folder, shard, batches)

    def locked(self, shard: str) -> AbstractContextManager[bool]:
        """Hold a shard's lock, or yield False if another process holds it."""
        return self.locks.shard(shard)

    def use(self) -> None:
        """Keep ``tools/feature_store.py prune`` from removing the entry while this object lives.

        Raises:
            ConvcutError: The entry has just been removed.
        """
        self.locks.use()
        if not (self.folder / 'manifest.json').is_file():
            raise ConvcutError(f'{self.folder}: was removed at this moment; start again')

    def remove_leftovers(self) -> None:
        """Remove what killed processes left half-written, but nothing that is being written."""
        for path in self.folder.iterdir():
            found = SHARD_FILE.fullmatch(path.name) or UNFINISHED_FILE.fullmatch(path.name)
            if found is None or not path.is_file():
                continue
            if found[1] == 'manifest':
                with self.locks.manifest():
                    path.unlink(missing_ok=True)
                continue
            with self.locked(found[1]) as free:
                whole = not path.name.startswith('.') and self.has(found[1])
                if free and not whole:
                    path.unlink(missing_ok=True)

    def touch(self) -> None:
        """Record that the entry was used now."""
        os.utime(self.folder / 'manifest.json')

    @property
    def used(self) -> float:
        """Time of the last use, in seconds since 1970."""
        return (self.folder / 'manifest.json').stat().st_mtime

    def summary(self) -> dict:
        """Return what ``tools/feature_store.py list`` shows: counts, bytes, last use."""
        shards = self.shards()
        index = self.index()
        return dict(
            views=len(index),
            images=len({sha256 for sha256, _ in index}),
            shards=len(shards),
            bytes=sum(_size(path) for path in self.folder.iterdir()),
            used=time.strftime('%Y-%m-%d %H:%M', time.localtime(self.used)),
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # a temporary file, renamed meanwhile
