"""Hashes of a data set's images, divided between the processes of a training."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from mmengine.dist import all_gather_object, get_dist_info

from ..utils.hashing import file_sha256
from ..utils.progress import progress

_FILES_WITHOUT_BAR = 5000
_AT_ONCE = 64  # files that a thread takes: one by one, a queue of all would take 2 kB a file


def hash_images(paths: Sequence[str], threads: int) -> list[str]:
    """Return the SHA-256 of each file; each process of a training reads its share of them.

    Args:
        paths: The files, the same in each process.
        threads: Files that this process reads side by side.

    Raises:
        OSError: A file can't be read by one of the processes; all of them raise it.
    """
    rank, world_size = get_dist_info()
    parts = [paths[start : start + _AT_ONCE] for start in range(0, len(paths), _AT_ONCE)]
    own: list[list[str]] | OSError
    try:
        own = _hash_parts(parts[rank::world_size], threads, len(paths) > _FILES_WITHOUT_BAR)
    except OSError as error:
        own = error
    hashes: list[list[str]] = [[] for _ in parts]
    for number, found in enumerate(all_gather_object(own)):
        if isinstance(found, OSError):
            raise found
        hashes[number::world_size] = found
    return [one for part in hashes for one in part]


def _hash_parts(parts: list[Sequence[str]], threads: int, long: bool) -> list[list[str]]:
    shown = long and get_dist_info()[0] == 0
    hashes = []
    with (
        ThreadPoolExecutor(max(1, threads)) as pool,
        progress('Hashing images', sum(map(len, parts)), shown=shown) as step,
    ):
        for part in pool.map(lambda part: [file_sha256(path) for path in part], parts):
            hashes.append(part)
            step(len(part))
    return hashes
