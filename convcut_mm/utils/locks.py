"""File locks between processes, which the kernel frees when a process ends, however it ends."""

import errno
import fcntl
from typing import IO


def lock_range(
    file: IO, start: int = 0, length: int = 0, shared: bool = False, wait: bool = False
) -> bool:
    """Lock a range of an open file for this process.

    The lock belongs to the process: a fork does not inherit it, and closing any handle of the
    file frees it.

    Args:
        file (IO): The file, open for writing.
        start (int): First byte of the range, which may lie beyond the end. Defaults to 0.
        length (int): Bytes of the range, 0 for all that follow. Defaults to 0.
        shared (bool): Let other processes share the lock. Defaults to False.
        wait (bool): Wait until the lock is free. Defaults to False.

    Returns:
        bool: False if another process holds the lock.

    Raises:
        OSError: The file system has no locks.
    """
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    if not wait:
        how |= fcntl.LOCK_NB
    try:
        fcntl.lockf(file, how, length, start)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True


def unlock_range(file: IO, start: int = 0, length: int = 0) -> None:
    """Free a lock of :func:`lock_range`; closing the file frees all of its locks."""
    fcntl.lockf(file, fcntl.LOCK_UN, length, start)


def lock_handle(handle: int | IO) -> bool:
    """Lock an open file or folder until this handle is closed, without waiting.

    Unlike :func:`lock_range` this lock belongs to the handle: a fork shares it, and other handles
    of the same file may be closed.

    Args:
        handle (int | IO): Descriptor or file object.

    Returns:
        bool: False if another handle holds the lock.

    Raises:
        OSError: The file system has no locks.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
