"""List, verify and prune the feature stores that training with --cache-features writes.

    python tools/feature_store.py list                         # in work_dirs/feature_store
    python tools/feature_store.py verify DIR                   # check every shard
    python tools/feature_store.py prune DIR                    # remove damaged shards
    python tools/feature_store.py prune DIR --older-than 30    # and entries unused for a month
    python tools/feature_store.py prune DIR --entry NAME       # and this entry

list and verify also work while trainings use a store; prune keeps entries that are in use, and
files in an entry that are not the store's.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.table import Table

from convcut import run_tool, start_up
from convcut_mm.cli.console import print_table
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.progress import progress

if TYPE_CHECKING:
    from convcut_mm.feature_store import StoreEntry

DAY = 24 * 3600


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    verify = 'check every shard; exit status 1 if one is damaged'
    prune = 'remove damaged shards, leftovers and the named entries'
    commands.add_parser('list', help='show the entries')
    commands.add_parser('verify', help=verify)
    pruning = commands.add_parser('prune', help=prune)
    for command in commands.choices.values():
        command.add_argument(
            'dir',
            nargs='?',
            default='work_dirs/feature_store',
            help='folder of stores (default: %(default)s)',
        )
    pruning.add_argument(
        '--entry', nargs='+', default=[], metavar='NAME', help='entries to remove, as listed'
    )
    pruning.add_argument(
        '--older-than', type=float, metavar='DAYS', help='remove entries unused for more days'
    )
    pruning.add_argument('--dry-run', action='store_true', help='print what would be removed')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.feature_store import entries
    found, unreadable = entries(args.dir)
    if not found and not unreadable:
        print(f'{args.dir}: no entries')
    if args.command == 'list' and found:
        show(found)
    damaged = verify(found) if args.command == 'verify' else []
    if args.command == 'prune':
        prune(found, unreadable, args)
    else:
        for reason in unreadable.values():
            print(reason)
    if damaged or (args.command == 'verify' and unreadable):
        sys.exit(1)


def show(found: list[StoreEntry]) -> None:
    """Print a table of the entries."""
    from convcut_mm.feature_store.fingerprint import pipeline_text

    table = Table(box=None, pad_edge=False)
    for title in ('entry', 'dtype', 'row', 'compute'):
        table.add_column(title)
    for title in ('images', 'views', 'shards', 'size'):
        table.add_column(title, justify='right')
    for title in ('last used', 'weights', 'pipeline'):
        table.add_column(title)
    for entry in found:
        manifest, summary = entry.manifest, entry.summary()
        table.add_row(
            entry.folder.name,
            manifest['dtype'],
            'x'.join(map(str, entry.shape)),
            manifest['compute'],
            str(summary['images']),
            str(summary['views']),
            str(summary['shards']),
            decimal(summary['bytes']),
            summary['used'],
            manifest['weights'][:8],
            pipeline_text(manifest['pipeline']),
        )
    print_table(table)


def verify(found: list[StoreEntry]) -> list[tuple[StoreEntry, str]]:
    """Check every shard; print the damaged ones and return (entry, shard) of each."""
    damaged = []
    with progress('Checking', sum(len(entry.shards()) for entry in found), 'shards') as step:
        for entry in found:
            for shard in entry.shards():
                damage = entry.damage(shard)
                if damage:
                    damaged.append((entry, shard))
                    print(f'{entry.folder}: {damage}')
                step()
    if not damaged:
        print(f'{len(found)} entries, no shard is damaged')
    return damaged


def prune(found: list[StoreEntry], unreadable: dict[Path, str], args: argparse.Namespace) -> None:
    """Remove entries and damaged shards."""
    from convcut_mm.feature_store import abandoned

    names = {folder.name for folder in [*(entry.folder for entry in found), *unreadable]}
    for name in args.entry:
        if name not in names:
            raise ConvcutError(f'{Path(args.dir) / name}: no such entry; "list" shows the entries')
    for folder, reason in unreadable.items():
        asked = folder.name in args.entry
        print(f'{folder}: named by --entry' if asked else reason)
        if asked and not args.dry_run:
            remove(folder)
    for folder in abandoned(args.dir):
        print(f'{folder}: no manifest, half removed')
        if not args.dry_run:
            remove(folder)
    kept: list[StoreEntry] = []
    for entry in found:
        why = reason_to_remove(entry, args)
        if why is None:
            kept.append(entry)
            continue
        print(f'{entry.folder}: {why}, {decimal(entry.summary()["bytes"])}')
        if not args.dry_run:
            remove(entry.folder)
    damaged = verify(kept) if kept else []
    if args.dry_run:
        return
    for entry, shard in damaged:
        with entry.locked(shard) as free:
            if free and entry.damage(shard):  # unless a training has replaced it meanwhile
                entry.remove_shard(shard)
    for entry in kept:
        entry.remove_leftovers()


def remove(folder: Path) -> None:
    """Remove an entry; if it or a file in it stays, print why."""
    from convcut_mm.feature_store import remove_entry

    left = remove_entry(folder)
    if left is None:
        print(f'{folder}: a training uses it, so it stays')
    elif left:
        print(f"{folder}: not the store's, so it stays: {', '.join(left)}")


def reason_to_remove(entry: StoreEntry, args: argparse.Namespace) -> str | None:
    """Return why the entry is removed, None if it stays."""
    if entry.folder.name in args.entry:
        return 'named by --entry'
    if args.older_than is not None:
        unused = (time.time() - entry.used) / DAY
        if unused > args.older_than:
            return f'unused for {unused:.0f} days'
    return None


if __name__ == '__main__':
    run_tool(main)
