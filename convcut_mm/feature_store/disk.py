"""Room on the disk."""

import shutil
from pathlib import Path
from typing import Union

from rich.filesize import decimal

from ..errors import ConvcutError


def check_room(root: Union[str, Path], needed: int) -> int:
    """Bytes free at ``root``.

    Raises:
        ConvcutError: Less than ``needed``.
    """
    free = shutil.disk_usage(root).free
    if needed > free:
        raise ConvcutError(
            f'{root}: the features take {decimal(needed)}, only {decimal(free)} are free '
            'there; choose another folder (--cache-features DIR) or a smaller dtype'
        )
    return free
