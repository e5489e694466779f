"""The folder of a store: its entries, listed and removed."""

import re
from pathlib import Path

from ..errors import ConvcutError
from .locks import Locks
from .shard import SHARD_FILE, UNFINISHED_FILE
from .store import StoreEntry

_ENTRY = re.compile(r'.+-[0-9a-f]{12}')


def entries(root: str | Path) -> tuple[list[StoreEntry], dict[Path, str]]:
    """List all entries below ``root`` by name.

    Returns:
        The entries; and for each folder whose manifest this version can't read, the reason.

    Raises:
        ConvcutError: The folder does not exist.
    """
    if not Path(root).is_dir():
        raise ConvcutError(f'{root}: no such folder, so no feature store')
    readable, unreadable = [], {}
    for manifest in sorted(Path(root).glob('*/manifest.json')):
        try:
            readable.append(StoreEntry(manifest.parent))
        except ConvcutError as error:
            unreadable[manifest.parent] = str(error)
    return readable, unreadable


def abandoned(root: str | Path) -> list[Path]:
    """List entries without a manifest: a process was killed while it removed them."""
    folders = (path.parent for path in sorted(Path(root).glob('*/lock')))
    return [
        folder
        for folder in folders
        if _ENTRY.fullmatch(folder.name) and not (folder / 'manifest.json').exists()
    ]


def remove_entry(folder: Path) -> list[str] | None:
    """Remove an entry, readable or not, its manifest first, so that no half entry is used.

    Returns:
        Names of files that are not the store's and stay; None if a training uses the entry, which
        is kept then.
    """
    with Locks(folder).alone() as free:
        if not free:
            return None
        (folder / 'manifest.json').unlink(missing_ok=True)
        for path in folder.iterdir():
            own = SHARD_FILE.fullmatch(path.name) or UNFINISHED_FILE.fullmatch(path.name)
            if own and path.is_file():
                path.unlink(missing_ok=True)
        (folder / 'lock').unlink()
    left = sorted(path.name for path in folder.iterdir())
    if not left:
        folder.rmdir()
    return left
