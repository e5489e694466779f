"""A run's results on the disk while they come, so that a killed run loses a batch at most."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConvcutError
from ...utils.drafts import naming
from ...utils.locks import lock_handle
from ..inputs.images import DATA_PREFIX, URL_PREFIXES
from ..inputs.kinds import STREAM_PREFIXES
from ..inputs.sources import Source
from .records import json_line, plain

JOURNAL = 'predictions.partial.jsonl'


class Journal:
    """The lines of ``predictions.jsonl`` so far, with lines about the run between them.

    The first line holds the run's options, ``{"run": {...}}``. A line ``{"done": 64, ...}`` says
    that all before it belongs to the first 64 inputs, which are done: from there a run goes on.
    The file is locked while a process writes it.

    Args:
        folder (str | Path): Where it is; made if missing.
        run (dict): Plain data that results depend on: options, a hash of the weights.
        sources (Sequence[Source]): All inputs.
        resume (bool): Go on after the last line ``done``, if there is one. Defaults to False.

    Attributes:
        path (Path): The file.
        done (int): How many sources are done.
        dropped (bool): Whether results of an interrupted run were given up for this one.

    Raises:
        ConvcutError: Another process writes there; with ``resume``, a run with other options, or
            inputs that are others by now.
    """

    def __init__(
        self, folder: str | Path, run: dict, sources: Sequence[Source], resume: bool = False
    ) -> None:
        self.path = Path(folder) / JOURNAL
        self.done, self.dropped = 0, False
        self._sources, self._run = sources, plain(run)
        self._inputs, self._digested = hashlib.sha256(), 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _locked(self.path)
        try:
            end = self._kept() if resume else 0
            if not resume:
                self.dropped = next(self.results(), None) is not None
            self._file.truncate(end)
            if not end:
                self._write(run=self._run)
        except BaseException:
            self._file.close()
            raise

    def add(self, result: dict) -> None:
        """Write a result.

        Raises:
            OSError: The disk is full, ...; what was written before is kept.
        """
        self._write(**result)

    def commit(self, done: int) -> None:
        """Record that so many sources are done and no other has been started."""
        if done > self.done:
            self._write(done=done, inputs=self._digest(done))
            self.done = done

    def results(self) -> Iterator[dict]:
        """The results so far, one after another."""
        return (entry for entry, _ in self._entries() if 'input' in entry)

    def close(self, keep: bool) -> None:
        """Close the file.

        Args:
            keep (bool): Whether the file is left, for a run that goes on.
        """
        if not keep:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _write(self, **entry) -> None:
        line = memoryview(json_line(plain(entry)))
        with naming(self.path):
            while line:  # a disk that fills takes a part first, then says so
                line = line[self._file.write(line) :]

    def _entries(self) -> Iterator[tuple]:
        """(entry, where it ends); a line that a kill has cut off ends them."""
        end = 0
        with open(self.path, 'rb') as file:
            for line in file:
                end += len(line)
                try:
                    entry = json.loads(line) if line.endswith(b'\n') else None
                except ValueError:
                    entry = None
                if not isinstance(entry, dict):
                    return
                yield entry, end

    def _kept(self) -> int:
        """Where the part that is kept ends."""
        last = None
        for number, (entry, end) in enumerate(self._entries()):
            if number == 0:
                self._check_run(entry.get('run'))
            if 'done' in entry:
                last = entry, end
        if last is None:
            return 0
        entry, end = last
        done = entry['done']
        if (
            not isinstance(done, int)
            or not 0 < done <= len(self._sources)
            or self._digest(done) != entry.get('inputs')
        ):
            raise ConvcutError(
                f'{self.path}: its run had other inputs, or files that were changed since; start '
                'anew without --resume'
            )
        self.done = done
        return end

    def _check_run(self, run: object) -> None:
        if not isinstance(run, dict):
            raise ConvcutError(f'{self.path}: not written by tools/infer.py; remove it')
        for name in {**self._run, **run}:
            mine, its = self._run.get(name), run.get(name)
            if mine != its:
                hashed = name in ('model', 'version')
                what = name if hashed else f'--{name.replace("_", "-")} {its}'
                raise ConvcutError(
                    f'{self.path}: its run had another {name}; start anew without --resume'
                    if hashed
                    else f'{self.path}: its run had {what}, this one has {mine}; give the same '
                    'options, or start anew without --resume'
                )

    def _digest(self, done: int) -> str:
        for source in self._sources[self._digested : done]:
            self._inputs.update(json_line(dict(source=_stamp(source))))
        self._digested = max(self._digested, done)
        return self._inputs.hexdigest()


def _stamp(source: Source) -> list:
    """What tells a source from another and from what it was before."""
    name, value = plain(source.name), source.value
    if not isinstance(value, str):
        return [name]
    if value.startswith((*URL_PREFIXES, *STREAM_PREFIXES, DATA_PREFIX)):
        return [name, value]
    try:
        status = os.stat(value)
    except (OSError, ValueError):
        return [name, None]
    return [name, status.st_size, status.st_mtime_ns]


def _locked(path: Path):
    """Open the file, which no other process may hold."""
    while True:
        file = open(path, 'a+b', buffering=0)  # noqa: SIM115, kept open
        try:
            locked = lock_handle(file)
        except OSError:
            return file  # a network's file system without locks
        if not locked:
            file.close()
            raise ConvcutError(
                f'{path.parent}: another run writes its results there; choose another --out'
            )
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()  # it was removed, as the other run ended, between opening and locking
