"""A run over many images and videos whose results are written into a folder while they come."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..errors import ConvcutError
from ..utils.text import say
from ..version import __version__
from .identity import model_identity
from .inferencer import ExpressionInferencer
from .inputs.sources import Source
from .outputs.earlier import check_folder
from .outputs.journal import Journal
from .outputs.names import PictureNames
from .outputs.pictures import PictureWriter
from .outputs.plots import PlotWriter
from .outputs.records import write_tables
from .outputs.summary import LINES, Summary
from .results import ImageResult


class Run:
    """Writes pictures, videos, plots and tables of a run, and counts.

    What is done is on the disk: a run that was killed or interrupted goes on with ``resume``, and
    ends with the same files as one that was not.

    Example:
        >>> run = Run('results', inferencer, sources)
        >>> run.write(inferencer.results(run.left(), with_images=True))
        >>> print(run.summary.line())

    Args:
        folder (str | Path): Made if missing.
        inferencer (ExpressionInferencer): What gives the results.
        sources (Sequence[Source]): Images and videos.
        options (dict, optional): Plain data: what else results depend on; a run with others is no
            run that goes on. Defaults to None.
        pictures (bool): Whether pictures and videos are drawn; results have to have their images
            then. Defaults to True.
        every (int): Each how many-th frame of a video is given. Defaults to 1.
        resume (bool): Go on with the run that was interrupted there, if there is one. Defaults to
            False: start anew.

    Attributes:
        summary (Summary): Counts, and the exit status.

    Raises:
        ConvcutError: See :class:`Journal`; a file in the folder that is no earlier run's.
    """

    def __init__(
        self,
        folder: str | Path,
        inferencer: ExpressionInferencer,
        sources: Sequence[Source],
        options: dict | None = None,
        pictures: bool = True,
        every: int = 1,
        resume: bool = False,
    ) -> None:
        self.folder, self.classes, self.sources = Path(folder), inferencer.classes, sources
        self.summary = Summary(len(sources))
        config = getattr(inferencer.config, 'model', None)
        about = dict(
            version=__version__,
            model=model_identity(inferencer.backend, config),
            pictures=pictures,
            every=every,
            **(options or {}),
        )
        check_folder(folder, sources, pictures)
        self._names = PictureNames()
        self._pictures = (
            PictureWriter(folder, inferencer.draw, every, self._names) if pictures else None
        )
        self._plots = PlotWriter(folder, self.classes, self._names)
        self._journal = Journal(folder, about, sources, resume)
        self._place = 0  # of the source whose results come
        self._batch_ended = False
        try:
            self._recall()
        except (AttributeError, KeyError, TypeError):
            self._journal.close(keep=True)
            raise ConvcutError(
                f'{self._journal.path}: damaged; start anew without --resume'
            ) from None
        if self._journal.dropped:
            say(
                f'note: {folder} held an interrupted run, with which --resume would have gone on; '
                'this one starts anew',
                sys.stderr,
            )

    def left(self) -> Sequence[Source]:
        """The sources that are not done."""
        return self.sources[self._journal.done :]

    def write(
        self, results: Iterable[ImageResult], show: Callable[[ImageResult], bool] | None = None
    ) -> None:
        """Write results while they come, then the tables. Ctrl-C ends it, with tables as well.

        Args:
            results (Iterable[ImageResult]): Those of :meth:`left`.
            show (callable, optional): Called with each; False ends the run.

        Raises:
            ConvcutError: Something could not be written; what is done is kept.
        """
        result = None
        try:
            try:
                for result in results:
                    self._add(result)
                    if show is not None and not show(result):
                        break
            except KeyboardInterrupt:
                self.summary.interrupted = True
            self._end_files()
            write_tables(self.folder, self._journal.results(), self.classes)
        except BaseException as error:
            if self._pictures is not None:
                self._pictures.discard()
            self._journal.close(keep=True)
            if isinstance(error, OSError):
                raise ConvcutError(
                    f'{error.filename or self.folder}: {error.strerror or error}; what is done '
                    'is kept, --resume goes on'
                ) from error
            raise
        goes_on = self.summary.interrupted and not self._is_endless(result)
        self._journal.close(keep=goes_on)
        if goes_on:
            say('interrupted; the same command with --resume goes on', sys.stderr)

    def _is_endless(self, last: ImageResult | None) -> bool:
        """Whether the last source is a webcam, which ends in no other way than by Ctrl-C."""
        if last is None or last.video is None or last.source is not self.sources[-1]:
            return False
        return last.video.is_live

    def files(self) -> list[str]:
        """What lies in the folder besides the tables, or how much if that is a lot."""
        files = [*(self._pictures.files if self._pictures else []), *self._plots.files]
        if len(files) <= LINES:
            return [file.name for file in files]
        return [f'{len(files)} pictures']

    def _add(self, result: ImageResult) -> None:
        if result.source is not self.sources[self._place]:
            self._end_files()
            self._find(result.source)
            if self._batch_ended:
                self._journal.commit(self._place)
        if self._pictures is not None:
            self._pictures.add(result)
        self._plots.add(result)
        self._journal.add(result.data)
        self.summary.add(result.data)
        self._batch_ended = result.ends_batch

    def _find(self, source: Source) -> None:
        """Move on to a source; those skipped gave no result but keep their names."""
        while self.sources[self._place] is not source:
            self._place += 1
            self._names.of(self.sources[self._place])

    def _end_files(self) -> None:
        if self._pictures is not None:
            self._pictures.close()
        self._plots.close()

    def _recall(self) -> None:
        """Restore what the earlier run has done."""
        done = self._journal.done
        for number, source in enumerate(self.sources[: done + 1]):
            name = self._names.of(source)
            if number < done:
                self._plots.found(name)
            self._place = number
        pictures: dict = {}
        for result in self._journal.results():
            self.summary.add(result, shown=False)
            if result['picture']:
                pictures[self.folder / result['picture']] = True
        if self._pictures is not None:
            self._pictures.files.extend(pictures)
