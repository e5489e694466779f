"""What lies in a folder of results before a run: that of earlier runs, which it may replace."""

import json
from collections.abc import Iterable
from pathlib import Path

from ...errors import ConvcutError
from ..inputs.sources import Source
from .journal import JOURNAL
from .names import TIMELINE, PictureNames
from .records import CSV, JSON_LINES

PICTURES = ('.png', '.mp4')
PLOTS = (f'{TIMELINE}.png', f'{TIMELINE}.svg')


def check_folder(folder: str | Path, sources: Iterable[Source], pictures: bool = True) -> None:
    """Refuse a folder in which a run would overwrite files that no earlier run wrote.

    Args:
        folder (str | Path): The folder of results; it need not exist.
        sources (Iterable[Source]): All inputs of the run.
        pictures (bool): Whether pictures are drawn. Defaults to True.

    Raises:
        ConvcutError: Names the first such file.
    """
    folder = Path(folder)
    if not folder.is_dir() or (folder / JOURNAL).exists() or _is_table(folder / JSON_LINES):
        return
    present = {path.name for path in folder.iterdir()}
    names, endings = PictureNames(), (*(PICTURES if pictures else ()), *PLOTS)
    wanted = [f'{names.of(source)}{ending}' for source in sources for ending in endings]
    for name in (JSON_LINES, CSV, *wanted):
        if name in present:
            raise ConvcutError(
                f'{folder / name}: would be written over, and no earlier run wrote it; choose '
                'another folder for the results'
            )


def _is_table(path: Path) -> bool:
    """Whether a file is the table of an earlier run, by its first line."""
    if not path.is_file():
        return False
    with open(path, 'rb') as file:
        line = file.readline(1 << 20)
    try:
        return not line or 'input' in json.loads(line)
    except (ValueError, TypeError):
        return False
