"""A row of the store: the features of one view of one image."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
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
