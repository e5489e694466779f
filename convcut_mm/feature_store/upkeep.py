"""What a store that was there before has to offer: damaged shards go, changes are said."""

from mmengine.dist import barrier

from ..utils.progress import progress
from .fingerprint import differences
from .store import StoreEntry, entries

_SHOWN_FROM = 1 << 30  # bytes to check


def remove_damaged(entry: StoreEntry, logger, rank: int, world_size: int) -> None:
    """Checks every shard of the entry; each process takes its share of them."""
    shards = entry.shards()
    barrier()  # all have the same list before anybody removes from it
    mine = shards[rank::world_size]
    shown = rank == 0 and len(mine) * entry.rows_per_shard * entry.row_bytes > _SHOWN_FROM
    with progress('Checking shards', len(mine), 'shards', shown=shown) as step:
        for shard in mine:
            with entry.locked(shard) as free:
                damage = entry.damage(shard) if free else ''
                if damage:
                    logger.warning(f'Feature store: {entry.folder}: {damage}; computed anew')
                    entry.remove_shard(shard)
            step()
    barrier()


def say_what_changed(entry: StoreEntry, wanted: list, logger) -> None:
    """Names images that are stored with other contents."""
    present = {row.key: row for _, _, row in entry.rows()}
    names = {row.file for row in present.values()}
    missing = [one.row for one in wanted if one.row.key not in present]
    changed = sorted({row.file for row in missing if row.file in names})
    if changed:
        logger.info(
            f'Feature store: {len(changed)} images or views are not those that were stored '
            f'({", ".join(changed[:3])}{", ..." if len(changed) > 3 else ""}); computed anew'
        )


def say_nearest(wanted: dict, root: str, logger) -> None:
    """Says why no entry fits, if there are any."""
    found = [
        (differences(wanted, entry.manifest), entry.folder.name) for entry in entries(root)[0]
    ]
    if found:
        reasons, name = min(found, key=lambda one: len(one[0]))
        logger.info(
            f'Feature store: no entry of {root} fits; {name} differs in: {"; ".join(reasons)}'
        )
