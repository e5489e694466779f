"""Room on the disk."""

import shutil
from pathlib import Path
from typing import Union

from ..errors import ConvcutError


def check_room(root: Union[str, Path], needed: int) -> int:
    """Bytes free at ``root``.

    Raises:
        ConvcutError: Less than ``needed``.
    """
    free = shutil.disk_usage(root).free
    if needed > free:
        raise ConvcutError(
            f'{root}: the features take {size_text(needed)}, only {size_text(free)} are free '
            'there; choose another folder (--cache-features DIR) or a smaller dtype'
        )
    return free


def size_text(number: float) -> str:
    """Bytes in a readable unit."""
    if number < 1000:
        return f'{number} bytes'
    for unit in ('kB', 'MB'):
        number /= 1000
        if number < 999.5:
            return f'{number:.0f} {unit}' if number >= 99.95 else f'{number:.3g} {unit}'
    number /= 1000
    return f'{number:.2f} GB'
