"""The store: files only. It knows rows of numbers and their keys, no images and no model.

    DIR/ENTRY/manifest.json     what the features were computed with, dtype, shape of a row
    DIR/ENTRY/SHARD.bin         rows one after another, memory-mapped
    DIR/ENTRY/SHARD.json        the rows' images and views, the checksum of SHARD.bin
    DIR/ENTRY/lock              byte ranges of it are locked, see locks.py

An entry belongs to one backbone, data preprocessor, deterministic pipeline, dtype and shape. Its
name is a hash of its manifest, so that features of something else can't be taken for it. A row
belongs to an image's *contents* and a view of it. A shard exists once its .json does, which is
written last. Files of other names are a user's own: nothing reads or removes them.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Optional, Union

import numpy as np
import torch

from ..errors import ConvcutError
from ..utils.atomic import atomic_file, write_atomically
from ..utils.hashing import file_sha256
from .locks import Locks
from .manifest import DTYPES, entry_folder, read_manifest, row_bytes
from .row import Row, shard_name

# what is lost when a build is killed; also few enough files for a large store
SHARD_BYTES = 32 << 20
SHARD_ROWS = 1024
# errors of a .json that is not what was written
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
_ENTRY = re.compile(r'.+-[0-9a-f]{12}')
_SHARD_FILE = re.compile(r'([0-9a-f]{16})\.(?:bin|json)')
_UNFINISHED = re.compile(r'\.([0-9a-f]{16}|manifest)\.(?:bin|json)\..*convcut-tmp')


class StoreEntry:
    """The features of one backbone under one pipeline.

    Args:
        folder (str | Path): The entry's folder; :meth:`open_or_create` finds its name.

    Raises:
        ConvcutError: The manifest is not one of this version, or not the one that it was.
    """

    def __init__(self, folder: Union[str, Path]) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self.locks = Locks(self.folder)

    @classmethod
    def open_or_create(cls, root: Union[str, Path], manifest: dict) -> 'StoreEntry':
        """Opens the entry with that manifest, which is made if it does not exist.

        Args:
            root (str | Path): Folder of all entries.
            manifest (dict): What the features depend on, see ``manifest.py``.
        """
        folder = entry_folder(root, manifest)
        folder.mkdir(parents=True, exist_ok=True)
        with Locks(folder).manifest():
            if not (folder / 'manifest.json').is_file():
                content = json.dumps(manifest, indent=1).encode()
                write_atomically(folder / 'manifest.json', content)
        return cls(folder)

    @property
    def shape(self) -> tuple:
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

    def shards(self) -> list:
        """Names of the complete shards."""
        lists = (path.name for path in self.folder.glob('*.json'))
        return sorted(name[:-5] for name in lists if _SHARD_FILE.fullmatch(name))

    def rows(self) -> Iterator[tuple]:
        """Goes through all rows: shard, number in the shard, :class:`Row`.

        Lists that can't be read are left out: :meth:`damage` names them.
        """
        for shard in self.shards():
            try:
                rows = self._side(shard)['rows']
            except _UNREADABLE:
                continue
            for number, row in enumerate(rows):
                yield shard, number, row

    def index(self) -> dict:
        """Where each row is: {(sha256, view): (shard, number, meta)}."""
        return {row.key: (shard, number, row.meta) for shard, number, row in self.rows()}

    def mapped(self, shard: str) -> np.ndarray:
        """The shard's file as (rows, bytes of a row), memory-mapped, read-only."""
        path = self.folder / f'{shard}.bin'
        # a plain array: numpy's memmap class makes each access slower
        return np.asarray(np.memmap(path, np.uint8, 'r')).reshape(-1, self.row_bytes)

    def damage(self, shard: str) -> str:
        """What is wrong with a shard, '' if its contents are those that were written."""
        try:
            side = self._side(shard)
        except FileNotFoundError:
            return f'{shard}.json is missing'
        except _UNREADABLE:
            return f'{shard}.json is not readable'
        # the name is a hash of the rows' keys
        whole = side['list'] == _sha256_of(side['rows']) and shard_name(side['rows']) == shard
        if not whole:
            return f'{shard}.json is not what was written (checksum)'
        path = self.folder / f'{shard}.bin'
        expected = len(side['rows']) * self.row_bytes
        if not path.is_file():
            return f'{shard}.bin is missing'
        if path.stat().st_size != expected:
            return f'{shard}.bin has {path.stat().st_size} bytes instead of {expected}'
        if file_sha256(path) != side['sha256']:
            return f'{shard}.bin is not what was written (checksum)'
        return ''

    def remove_shard(self, shard: str) -> None:
        """Removes a shard; processes that have mapped it keep their data."""
        (self.folder / f'{shard}.json').unlink(missing_ok=True)
        (self.folder / f'{shard}.bin').unlink(missing_ok=True)

    def has(self, shard: str) -> bool:
        """Whether the shard is complete."""
        return (self.folder / f'{shard}.json').is_file()

    def write_shard(self, shard: str, batches: Iterable[tuple]) -> None:
        """Writes a shard whose lock the caller holds.

        Args:
            shard (str): Its name, :func:`shard_name` of its rows.
            batches (Iterable[tuple]): Rows and their features, (B, H, W, C) of the entry's dtype.

        Raises:
            OSError: The disk is full; nothing of the shard is left then.
        """
        path = self.folder / f'{shard}.bin'
        digest, rows = hashlib.sha256(), []
        with atomic_file(path) as file:
            for batch_rows, features in batches:
                content = features.contiguous().flatten().view(torch.uint8).numpy().data
                digest.update(content)
                file.write(content)
                rows += batch_rows
        side = dict(
            sha256=digest.hexdigest(), list=_sha256_of(rows), rows=[asdict(row) for row in rows]
        )
        try:
            write_atomically(self.folder / f'{shard}.json', json.dumps(side).encode())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def locked(self, shard: str) -> AbstractContextManager[bool]:
        """Holds a shard's lock, or yields False if another process holds it."""
        return self.locks.shard(shard)

    def use(self) -> None:
        """Keeps ``tools/feature_store.py prune`` from removing the entry while this object lives.

        Raises:
            ConvcutError: It has just been removed.
        """
        self.locks.use()
        if not (self.folder / 'manifest.json').is_file():
            raise ConvcutError(f'{self.folder}: was removed at this moment; start again')

    def remove_leftovers(self) -> None:
        """Removes what killed processes left half-written, and nothing that is being written."""
        for path in self.folder.iterdir():
            found = _SHARD_FILE.fullmatch(path.name) or _UNFINISHED.fullmatch(path.name)
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
        """Notes that the entry was used."""
        os.utime(self.folder / 'manifest.json')

    @property
    def used(self) -> float:
        """When it was used last, in seconds since 1970."""
        return (self.folder / 'manifest.json').stat().st_mtime

    def summary(self) -> dict:
        """What ``tools/feature_store.py list`` shows."""
        shards = self.shards()
        rows = [row for _, _, row in self.rows()]
        return dict(
            views=len({row.key for row in rows}),
            images=len({row.sha256 for row in rows}),
            shards=len(shards),
            bytes=sum(_size(path) for path in self.folder.iterdir()),
            used=time.strftime('%Y-%m-%d %H:%M', time.localtime(self.used)),
        )

    def _side(self, shard: str) -> dict:
        """The shard's .json: checksums of the numbers and of the list, the rows."""
        side = json.loads((self.folder / f'{shard}.json').read_text())
        rows = [Row(**row) for row in side['rows']]
        return dict(sha256=side['sha256'], list=side['list'], rows=rows)


def entries(root: Union[str, Path]) -> tuple:
    """All entries below ``root``, by name.

    Returns:
        tuple[list, dict]: The entries; for each folder whose manifest this version can't read, the
        reason.

    Raises:
        ConvcutError: No such folder.
    """
    if not Path(root).is_dir():
        raise ConvcutError(f'{root}: no such folder, so no feature store')
    readable, unreadable = [], {}
    for manifest in sorted(Path(root).glob('*/manifest.json')):
        try:
            readable.append(StoreEntry(manifest.parent))
        except ConvcutError as error:
            unreadable[manifest.parent] = str(error)
    return readable, unreadable


def abandoned(root: Union[str, Path]) -> list[Path]:
    """Folders of entries that lost their manifest: a process was killed while it removed them."""
    folders = (path.parent for path in sorted(Path(root).glob('*/lock')))
    return [
        folder
        for folder in folders
        if _ENTRY.fullmatch(folder.name) and not (folder / 'manifest.json').exists()
    ]


def remove_entry(folder: Path) -> Optional[list[str]]:
    """Removes an entry, readable or not; its manifest first: half-removed it is no entry any more.

    Returns:
        list[str] | None: Names of what is not the store's, which stays; None if a training uses
        the entry, of which nothing is removed then.
    """
    with Locks(folder).alone() as free:
        if not free:
            return None
        (folder / 'manifest.json').unlink(missing_ok=True)
        for path in folder.iterdir():
            own = _SHARD_FILE.fullmatch(path.name) or _UNFINISHED.fullmatch(path.name)
            if own and path.is_file():
                path.unlink(missing_ok=True)
        (folder / 'lock').unlink()
    left = sorted(path.name for path in folder.iterdir())
    if not left:
        folder.rmdir()
    return left


def _sha256_of(rows: list) -> str:
    text = json.dumps([asdict(row) for row in rows])
    return hashlib.sha256(text.encode()).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # a temporary file, renamed meanwhile
