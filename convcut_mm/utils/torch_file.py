"""Read files of torch.save, old and new, without running code; see ``plain_pickle.py``."""

import io
import pickle
import zipfile
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import torch

from .pickle_names import Damaged, Storage
from .plain_pickle import PlainUnpickler

_PIECE = 2**19
_OLD_MAGIC = 0x1950A86A20F9469CFC6C  # first number in files of PyTorch before 1.6


def read_torch_file(file: BinaryIO, names: dict[str, Any] | None = None) -> Any:
    """Read what ``torch.save`` wrote.

    Args:
        file (BinaryIO): The open file.
        names (dict, optional): See :class:`PlainUnpickler`.

    Returns:
        Any: The saved object, with tensors on the CPU.

    Raises:
        UnpicklingError: :class:`Refused` or :class:`Damaged`, with a message of one line.
        OSError: The file cannot be read.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    kind = _ZipFile if start == b'PK\x03\x04' else _OldFile
    try:
        return kind(file, size, names).load()
    except (pickle.UnpicklingError, OSError):
        raise
    except Exception as error:  # damaged files raise many kinds of errors in zipfile and torch
        raise Damaged(f'{type(error).__name__}: {error}'.splitlines()[0]) from None


def _size(dtype: Any, count: Any) -> int:
    if not isinstance(dtype, torch.dtype) or type(count) is not int or not 0 <= count < 2**60:
        raise Damaged('a storage without a type or a size')
    return count * dtype.itemsize


def _fill(nbytes: int, source: Any) -> torch.Tensor:
    flat = torch.empty(nbytes, dtype=torch.uint8)
    place = flat.numpy().data
    while place:
        got = source.readinto(place[:_PIECE])  # small enough for the CPU's cache
        if not got:
            raise Damaged('it ends early')
        place = place[got:]
    return flat


def _storage(flat: torch.Tensor, dtype: torch.dtype) -> Storage:
    # torch relies on a bool being 0 or 1
    return Storage(flat.ne(0) if dtype is torch.bool else flat.view(dtype))


class _ZipFile:
    """A new file: an archive of a pickle and one file for each storage, not compressed."""

    def __init__(self, file: BinaryIO, size: int, names: dict[str, Any] | None) -> None:
        self._names = names
        self._storages: dict[Any, Storage] = {}
        self._zip = zipfile.ZipFile(file)
        entries = self._zip.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise Damaged('an archive that is compressed')
        if sum(entry.file_size for entry in entries) > size:
            raise Damaged('an archive that is larger inside than outside')
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise Damaged('an archive with two files of one name')
        pickles = [name for name in self._entries if PurePosixPath(name).match('*/data.pkl')]
        if len(pickles) != 1:
            raise Damaged('an archive without a data.pkl')
        self._folder, self._pickle = pickles[0].rsplit('/', 1)[0], pickles[0]

    def load(self) -> Any:
        if f'{self._folder}/byteorder' in self._entries:
            if self._zip.read(f'{self._folder}/byteorder') != b'little':
                raise Damaged('written on a machine with another order of bytes')
        content = io.BytesIO(self._zip.read(self._pickle))
        return PlainUnpickler(content, self._names, self._storage).load()

    def _storage(self, pid: Any) -> Storage:
        kind, dtype, key, _, count = pid
        if kind != 'storage' or type(key) is not str:
            raise Damaged('a persistent id')
        if (key, dtype) not in self._storages:
            nbytes = _size(dtype, count)
            entry = self._entries.get(f'{self._folder}/data/{key}')
            if entry is None or entry.file_size != nbytes:
                raise Damaged(f'storage "{key}" of another size')
            with self._zip.open(entry) as content:
                self._storages[key, dtype] = _storage(_fill(nbytes, content), dtype)
        return self._storages[key, dtype]


class _OldFile:
    """An old file: five pickles, then the storages."""

    def __init__(self, file: BinaryIO, size: int, names: dict[str, Any] | None) -> None:
        self._file, self._left, self._names = file, size, names
        self._storages: dict[Any, Storage] = {}

    def load(self) -> Any:
        if self._load() != _OLD_MAGIC:
            raise Damaged('not a file of torch.save')
        self._load()  # the protocol
        if not self._load().get('little_endian', False):
            raise Damaged('written on a machine with another order of bytes')
        value = self._load()
        for key in self._load():
            storage = self._storages.pop(key)
            held = int.from_bytes(self._file.read(8), 'little')
            if held != len(storage.flat):
                raise Damaged(f'storage "{key}" of another size')
            raw = _fill(storage.flat.nbytes, self._file)
            storage.flat.copy_(_storage(raw, storage.flat.dtype).flat)
        if self._storages:
            raise Damaged('it ends early')
        return value

    def _load(self) -> Any:
        return PlainUnpickler(self._file, self._names, self._storage).load()

    def _storage(self, pid: Any) -> Storage:
        kind, dtype, key, _, count, view = pid
        if kind != 'storage' or type(key) is not str or view is not None:
            raise Damaged('a persistent id')
        if key not in self._storages:
            self._left -= _size(dtype, count)
            if self._left < 0:
                raise Damaged('storages that are larger than the file')
            self._storages[key] = Storage(torch.empty(count, dtype=dtype))
        return self._storages[key]
