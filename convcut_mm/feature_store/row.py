"""What a row of the store is the features of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One view of one image.

    Attributes:
        sha256 (str): Of the image file's contents.
        view (str): Name of the view, see ``views.py``.
        file (str): Name of the image file, for messages only.
        size (int): Bytes of the image file.
        meta (dict): What the pipeline found out about the image: its shapes and scale factor.
    """

    sha256: str
    view: str
    file: str = field(compare=False)
    size: int = field(compare=False)
    meta: dict = field(compare=False, default_factory=dict)

    @property
    def key(self) -> tuple:
        """What a row is found by."""
        return self.sha256, self.view


def shard_name(rows: Sequence[Row]) -> str:
    """A shard is named after its rows: whoever plans the same rows writes the same file."""
    text = '\n'.join(f'{row.sha256} {row.view}' for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
