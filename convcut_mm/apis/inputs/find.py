"""The inputs of a command line: what is there is done, whatever else is missing."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConvcutError
from ...utils.text import many, say
from .images import DATA_PREFIX
from .kinds import is_media_name
from .sources import Source, files_below, list_sources


def find_sources(inputs: Sequence[str], out: Path) -> list[Source]:
    """Images and videos of the command line, without the results of a run before.

    Args:
        inputs (Sequence[str]): Paths, URLs, folders, webcams.
        out (Path): Folder for the results.

    Returns:
        list[Source]: In the order given; a path that is missing and a folder without images are
        among them, and get an error as their result.

    Raises:
        ConvcutError: There is nothing to do.
    """
    here = out.resolve()
    sources: list[Source] = []
    problems = []
    for path in inputs:
        try:
            found = list_sources(path)
        except ConvcutError as error:
            if not Path(path).is_dir() or path == '':
                raise
            problems.append(error)
            sources.append(Source(path, path))  # its turn comes, and its error
            continue
        missing = [one for one in found if _is_missing(one)]
        problems += [ConvcutError(f'{one.name}: no such file or folder') for one in missing]
        sources += [one for one in found if not _is_below(one, here)]
        if Path(path).is_dir():
            others = sum(not is_media_name(file) for file in files_below(Path(path)))
            if others:
                say(
                    f'{path}: {many(others, "file")} left out, neither image nor video', sys.stderr
                )
    if len(problems) == len(sources) > 0:
        raise problems[0]
    if not sources:
        raise ConvcutError(f'{" ".join(inputs)}: no images or videos outside of --out {out}')
    return sources


def _is_missing(source: Source) -> bool:
    return (
        isinstance(source.value, str)
        and '://' not in source.value
        and not source.value.startswith(DATA_PREFIX)
        and not Path(source.value).exists()
    )


def _is_below(source: Source, folder: Path) -> bool:
    return isinstance(source.value, str) and folder in Path(source.value).resolve().parents
