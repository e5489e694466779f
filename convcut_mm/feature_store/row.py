"""A row of the store: the features of one view of one image."""

from dataclasses import dataclass, field
from typing import Protocol


class HasKey(Protocol):
    """What is found by the contents of an image and the name of a view."""

    @property
    def sha256(self) -> str:
        """Hash of the image file's contents."""

    @property
    def view(self) -> str:
        """Name of the view."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One view of one image.

    Attributes:
        sha256: Hash of the image file's contents.
        view: Name of the view, see ``views.py``.
        file: Name of the image file, for messages only.
        size: Bytes of the image file.
        meta: What the pipeline noted about the image: its shapes and scale factor.
    """

    sha256: str
    view: str
    file: str = field(compare=False)
    size: int = field(compare=False)
    meta: dict = field(compare=False, default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Contents and view, by which a row is found."""
        return self.sha256, self.view

    def as_dict(self) -> dict:
        """Return the fields; unlike ``dataclasses.asdict`` without a deep copy, which is slow."""
        return dict(
            sha256=self.sha256, view=self.view, file=self.file, size=self.size, meta=self.meta
        )
