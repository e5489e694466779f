"""The plot of each video beside its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..inputs.sources import Source
from ..results import ImageResult
from .names import TIMELINE, PictureNames

if TYPE_CHECKING:
    from .timeline import Timeline  # imports matplotlib, which only videos need


class PlotWriter:
    """Writes the probabilities over time of each video in which there is a face.

    Args:
        folder (str | Path): Made if missing.
        classes (Sequence[str]): Class names.
        names (PictureNames, optional): What the files are called. Defaults to new ones.

    Attributes:
        files (list[Path]): What was written.
    """

    def __init__(
        self, folder: str | Path, classes: Sequence[str], names: PictureNames | None = None
    ) -> None:
        self.folder, self.classes = Path(folder), tuple(classes)
        self.names = names or PictureNames()
        self.files: list[Path] = []
        self._source: Source | None = None
        self._timeline: Timeline | None = None

    def add(self, result: ImageResult) -> None:
        """Add a result; the first one of another source ends the video's plot."""
        if result.source is not self._source:
            self.close()
            self._source = result.source
            self._name = self.names.of(result.source)
            if result.video is not None:
                from .timeline import Timeline

                self._timeline = Timeline(self.classes)
        if self._timeline is not None:
            self._timeline.add(result.data)

    def close(self) -> None:
        """Write the plot of the video so far."""
        timeline, self._timeline = self._timeline, None
        if timeline and self._source is not None:
            from ...utils.plotting import save

            figure = timeline.figure(Path(self._source.name).name)
            self.files += save(figure, self.path(self._name))

    def path(self, name: str) -> Path:
        """Where a video's plot is, without suffix."""
        return self.folder / f'{name}{TIMELINE}'

    def found(self, name: str) -> None:
        """Record the plot that an earlier run wrote for a video, if there is one."""
        from ...utils.plotting import output_paths

        self.files += [path for path in output_paths(self.path(name)) if path.is_file()]
