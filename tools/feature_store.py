"""Looks after the stores of frozen features that training with --cache-features makes.

    python tools/feature_store.py list                         # in work_dirs/feature_store
    python tools/feature_store.py verify DIR                   # checksums of every shard
    python tools/feature_store.py prune DIR                    # removes what is damaged
    python tools/feature_store.py prune DIR --older-than 30    # and entries unused for a month
    python tools/feature_store.py prune DIR --entry NAME       # and that entry

A store that trainings are using can be listed and verified; prune leaves what one uses, and files
of your own that lie in an entry.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Optional

from rich.filesize import decimal
from rich.table import Table

from convcut_mm.cli.console import print_table
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import StoreEntry, StoreOptions, abandoned, entries, remove_entry
from convcut_mm.feature_store.fingerprint import pipeline_text
from convcut_mm.utils.progress import progress

DAY = 24 * 3600


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    verify = 'check every shard; exit status 1 if one is damaged'
    prune = 'remove damaged shards, leftovers and the entries asked for'
    commands.add_parser('list', help='show the entries')
    commands.add_parser('verify', help=verify)
    pruning = commands.add_parser('prune', help=prune)
    for command in commands.choices.values():
        command.add_argument('dir', nargs='?', default=StoreOptions.dir, help='folder of stores')
    pruning.add_argument(
        '--entry', nargs='+', default=[], metavar='NAME', help='entries to remove, as listed'
    )
    pruning.add_argument(
        '--older-than', type=float, metavar='DAYS', help='remove entries not used for so long'
    )
    pruning.add_argument('--dry-run', action='store_true', help='only say what would be removed')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
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


def show(found: list) -> None:
    """Prints a table of the entries."""
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


def verify(found: list) -> list:
    """Checks every shard; returns (entry, shard) of the damaged ones and prints them."""
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
        print(f'{len(found)} entries, every shard is what was written')
    return damaged


def prune(found: list, unreadable: dict, args: argparse.Namespace) -> None:
    """Removes entries and damaged shards."""
    names = {folder.name for folder in [*(entry.folder for entry in found), *unreadable]}
    for name in args.entry:
        if name not in names:
            raise ConvcutError(f'{Path(args.dir) / name}: no such entry; list shows them')
    for folder, reason in unreadable.items():
        asked = folder.name in args.entry
        print(f'{folder}: asked for' if asked else reason)
        if asked and not args.dry_run:
            remove(folder)
    for folder in abandoned(args.dir):
        print(f'{folder}: no manifest, half removed')
        if not args.dry_run:
            remove(folder)
    kept = []
    for entry in found:
        reason = reason_to_remove(entry, args)
        if reason is None:
            kept.append(entry)
            continue
        print(f'{entry.folder}: {reason}, {decimal(entry.summary()["bytes"])}')
        if not args.dry_run:
            remove(entry.folder)
    damaged = verify(kept) if kept else []
    if args.dry_run:
        return
    for entry, shard in damaged:
        with entry.locked(shard) as free:
            if free and entry.damage(shard):  # nobody has computed it anew meanwhile
                entry.remove_shard(shard)
    for entry in kept:
        entry.remove_leftovers()


def remove(folder: Path) -> None:
    """Removes an entry; prints why it stays, or what does."""
    left = remove_entry(folder)
    if left is None:
        print(f'{folder}: a training uses it, so it stays')
    elif left:
        print(f"{folder}: not the store's, so it stays: {', '.join(left)}")


def reason_to_remove(entry: StoreEntry, args: argparse.Namespace) -> Optional[str]:
    """Why the entry goes, None if it stays."""
    if entry.folder.name in args.entry:
        return 'asked for'
    if args.older_than is not None:
        unused = (time.time() - entry.used) / DAY
        if unused > args.older_than:
            return f'not used for {unused:.0f} days'
    return None


if __name__ == '__main__':
    run_tool(main)
