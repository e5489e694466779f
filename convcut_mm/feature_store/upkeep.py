"""Reuse an existing store: drop damaged shards, report changes."""

from collections.abc import Sequence
from logging import Logger

from mmengine.dist import barrier

from ..utils.progress import progress
from .fingerprint import differences
from .index import StoreIndex
from .store import StoreEntry
from .store_folder import entries
from .wanted import WantedRow

_SHOWN_FROM = 1 << 30  # bytes to check


def remove_damaged(entry: StoreEntry, logger: Logger, rank: int, world_size: int) -> None:
    """Check every shard of the entry and remove damaged ones; the processes divide the work."""
    shards = entry.shards()
    barrier()  # all processes list the shards before one is removed
    mine = shards[rank::world_size]
    shown = rank == 0 and len(mine) * entry.rows_per_shard * entry.row_bytes > _SHOWN_FROM
    with progress('Checking shards', len(mine), 'shards', shown=shown) as step:
        for shard in mine:
            with entry.locked(shard) as free:
                damage = entry.damage(shard) if free else ''
                if damage:
                    logger.warning(f'Feature store: {entry.folder}: {damage}; computing it again')
                    entry.remove_shard(shard)
            step()
    barrier()


def report_changes(
    entry: StoreEntry, index: StoreIndex, wanted: Sequence[WantedRow], logger: Logger
) -> None:
    """Log the names of images that are stored with other contents."""
    missing = {one.file for one in wanted if one.key not in index} if index else set()
    known = {row.file for _, _, row in entry.rows()} if missing else set()
    changed = sorted(missing & known)
    if changed:
        names = ', '.join(changed[:3]) + (', ...' if len(changed) > 3 else '')
        logger.info(
            f'Feature store: {len(changed)} images or views changed since they were stored '
            f'({names}); computing them again'
        )


def report_nearest(manifest: dict, root: str, logger: Logger) -> None:
    """Log how the nearest entry differs from the manifest that is needed, if there is one."""
    found = [
        (differences(manifest, entry.manifest), entry.folder.name) for entry in entries(root)[0]
    ]
    if found:
        reasons, name = min(found, key=lambda one: len(one[0]))
        logger.info(
            f'Feature store: no entry of {root} fits; {name} differs in: {"; ".join(reasons)}'
        )
