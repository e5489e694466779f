"""Free space on the disk."""

import shutil
from pathlib import Path

from rich.filesize import decimal

from ..errors import ConvcutError


def check_room(root: str | Path, needed: int) -> int:
    """Return the bytes free at ``root``.

    Raises:
        ConvcutError: They are fewer than ``needed``.
    """
    free = shutil.disk_usage(root).free
    if needed > free:
        raise ConvcutError(
            f'{root}: the features take {decimal(needed)}, only {decimal(free)} are free '
            'there; choose another folder (--cache-features DIR) or a smaller dtype'
        )
    return free
