"""Where the rows of an entry are, in few bytes a row: there may be millions."""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence

from .row import StoredRow

Key = tuple[str, str]  # SHA-256 of the image, view
Place = tuple[str, int, dict]  # shard, number in the shard, the pipeline's notes on the image

_HASH_BYTES = 32


class StoreIndex(Mapping[Key, Place]):
    """Finds rows by image and view: ``index[sha256, view] -> (shard, number, meta)``.

    Attributes:
        metas: All different notes on images; equal ones are one dict.
    """

    def __init__(self) -> None:
        self._shards: list[str] = []
        self.metas: list[dict] = []
        self._meta_numbers: dict[str, int] = {}
        self._rows: dict[bytes, int] = {}
        # by the numbers in _rows
        self._shard_of, self._number_of, self._meta_of = array('I'), array('I'), array('I')

    def add(self, shard: str, rows: Sequence[StoredRow]) -> None:
        """Add a shard's rows, in their order; of equal rows the last one is found.

        Raises:
            ValueError, TypeError, AttributeError: A hash is not one; nothing is added then.
        """
        keys = [_packed(row.key) for row in rows]
        for number, (key, row) in enumerate(zip(keys, rows)):
            self._rows[key] = len(self._shard_of)
            self._shard_of.append(len(self._shards))
            self._number_of.append(number)
            self._meta_of.append(self._meta_number(row.meta))
        self._shards.append(shard)

    def _meta_number(self, meta: dict) -> int:
        if self._meta_of and meta == self.metas[self._meta_of[-1]]:  # as usual
            return self._meta_of[-1]
        text = json.dumps(meta)
        number = self._meta_numbers.setdefault(text, len(self.metas))
        if number == len(self.metas):
            self.metas.append(meta)
        return number

    def __getitem__(self, key: Key) -> Place:
        row = self._rows[_packed(key)]
        meta = self.metas[self._meta_of[row]]
        return self._shards[self._shard_of[row]], self._number_of[row], meta

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and _packed(key) in self._rows

    def __iter__(self) -> Iterator[Key]:
        return (
            (packed[:_HASH_BYTES].hex(), packed[_HASH_BYTES:].decode()) for packed in self._rows
        )

    def __len__(self) -> int:
        return len(self._rows)


def _packed(key: tuple) -> bytes:
    sha256, view = key
    packed = bytes.fromhex(sha256)
    if len(packed) != _HASH_BYTES:
        raise ValueError(f'{sha256}: no SHA-256')
    return packed + view.encode()
