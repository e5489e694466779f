"""Computation of the rows that an entry lacks, divided between all processes that want them."""

import time
from collections.abc import Callable, Sequence
from logging import Logger

from rich.filesize import decimal

from ..errors import ConvcutError
from ..utils.progress import progress
from .computer import FeatureComputer
from .disk import check_room
from .index import StoreIndex
from .shard import shard_name
from .store import StoreEntry
from .wanted import WantedRow

_LIST_BYTES = 512  # of a row in the shard's list, at most
_WAIT = 0.2  # seconds between two looks at shards that other processes compute


def build(
    entry: StoreEntry,
    wanted: Sequence[WantedRow],
    computer: FeatureComputer,
    logger: Logger,
    rank: int = 0,
    world_size: int = 1,
    index: StoreIndex | None = None,
) -> StoreIndex:
    """Compute what the entry lacks of ``wanted``; return when all of it is there.

    Processes divide the work by the shards' locks, whether torchrun or several users started
    them: each takes the shards of its rank, then those that nobody holds. The rows and batches of
    a shard do not depend on the process that computes it, so the files do not either.

    Args:
        entry: Where the rows go.
        wanted: The rows, in the same order in each process.
        computer: Computes them.
        logger: Takes what will be computed.
        rank: Number of this process. Defaults to 0.
        world_size: Number of processes. Defaults to 1.
        index: What the entry has. Defaults to None: it is read.

    Returns:
        What the entry has then.

    Raises:
        ConvcutError: The disk has too little room.
    """
    entry.remove_leftovers()
    index = entry.index() if index is None else index
    plan = plan_shards(entry, wanted, index)
    if not plan:
        return index
    count = sum(len(part) for part in plan)
    needed = count * (entry.row_bytes + _LIST_BYTES)
    free = check_room(entry.folder, needed)
    logger.info(
        f'Feature store: {count} views to compute, {decimal(needed)}; '
        f'{decimal(free)} are free in {entry.folder.parent}'
    )
    todo = [
        part
        for first in range(world_size)
        for part in plan[(rank + first) % world_size :: world_size]
    ]
    waited = False
    with progress('Computing features', count, 'views', shown=rank == 0) as step:
        while todo:
            left = [part for part in todo if not _done(entry, part, computer, step)]
            if left and not waited and len(left) == len(todo):
                waited = True
                logger.info(f'Feature store: other processes compute the rest of {entry.folder}')
            if len(left) == len(todo):
                time.sleep(_WAIT)
            todo = left
    # left by processes that were killed in the meantime
    entry.remove_leftovers()
    return entry.index()


def plan_shards(
    entry: StoreEntry, wanted: Sequence[WantedRow], index: StoreIndex
) -> list[list[WantedRow]]:
    """Divide the rows that the index lacks into shards.

    After an interruption the plan is the rest of the first one, since only whole shards were
    written, and all but the last have one size.
    """
    missing = {one.key: one for one in wanted if one.key not in index}
    rows = list(missing.values())
    size = entry.rows_per_shard
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _done(
    entry: StoreEntry,
    part: list[WantedRow],
    computer: FeatureComputer,
    step: Callable[[int], None],
) -> bool:
    """Compute a shard unless another process does; return whether it is there afterwards."""
    shard = shard_name(part)
    with entry.locked(shard) as mine:
        if entry.has(shard):
            step(len(part))
            return True
        if not mine:
            return False
        try:
            entry.write_shard(shard, computer.batches(part, entry.shape, step))
        except OSError as error:
            raise ConvcutError(
                f'{entry.folder}: {error.strerror} while features were written; complete shards '
                'are kept: run the same command again to go on from there, or choose another '
                'folder (--cache-features DIR)'
            ) from error
    return True
