"""Names of the files with drawn results: one for each image or video, the same in every run."""

import os
import sys
import unicodedata
from pathlib import Path

from ..inputs.sources import Source

LONGEST = 180  # bytes; file systems take 255, of which suffixes and temporary names have a share
TIMELINE = '_timeline'


class PictureNames:
    """Names sources in their order, each like its file and like no other.

    A name depends on the sources before it only, so that a run that goes on gives the same ones.
    """

    def __init__(self) -> None:
        self._taken: set = set()
        self._numbers: dict = {}
        self._source: Source | None = None
        self._name = ''

    def of(self, source: Source) -> str:
        """The name without suffix: the file's, and a number where that is taken.

        Args:
            source (Source): The one of the last call or the one that follows it.
        """
        if source is not self._source:
            self._source, self._name = source, self._next(source)
        return self._name

    def _next(self, source: Source) -> str:
        base = file_name(source.name)
        number = self._numbers.get(_key(base), 1)
        while True:
            name = base if number == 1 else f'{base}-{number}'
            number += 1
            wanted = {_key(name), _key(name + TIMELINE)}  # a GIF may turn out to be moving
            if not wanted & self._taken:
                break
        self._numbers[_key(base)] = number
        self._taken |= wanted
        return name


def file_name(name: str) -> str:
    """What a file is called after a path, URL or name of an input, without suffix."""
    base = Path(name.split('?')[0].replace('\\', '/').rstrip('/')).stem or 'image'
    base = ''.join(
        # letters with their marks, and digits
        c if unicodedata.category(c)[0] in 'LMN' or c in '-_. ' else '_'
        for c in unicodedata.normalize('NFC', base)
    )
    encoding = sys.getfilesystemencoding()  # ASCII in the C locale
    base = base.encode(encoding, 'replace').decode(encoding).replace('?', '_')
    while len(os.fsencode(base)) > LONGEST:
        base = base[:-1]
    return base


def _key(name: str) -> str:
    """Equal for names that some file systems take for one."""
    return unicodedata.normalize('NFC', name).casefold()
