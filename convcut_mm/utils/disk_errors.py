"""Report errors of the disk in one line that names the file and the fix."""

import errno
import io
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from .text import printable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
SHARED_MEMORY = (
    '/dev/shm is full, which worker processes need to pass batches; enlarge it (docker run '
    '--shm-size), or use no worker processes (--cfg-options train_dataloader.num_workers=0 '
    'val_dataloader.num_workers=0 test_dataloader.num_workers=0)'
)


def out_of_shared_memory(error: RuntimeError) -> bool:
    """Tell whether torch's worker processes ran out of shared memory."""
    return bool(re.search(r'unable to \w+ file </torch_|out of shared memory', str(error)))


def disk_error_line(error: OSError) -> str | None:
    """Describe an error of the operating system about a file.

    Args:
        error (OSError): The error, with its traceback.

    Returns:
        str | None: One line, or None if the error is not about a file.
    """
    file = error.filename
    if file is None and error.errno in FULL:
        file = _written_file(error) or 'a file that was being written'
    if file is None:
        return None
    if error.errno in FULL:
        advice = '; free some space there, or choose another folder, and start again'
    elif error.errno in FORBIDDEN:
        advice = '; change its permissions, or choose another place'
    else:
        advice = ''
    return f'{printable(file)}: {error.strerror}{advice}'


@contextmanager
def log_errors_raised() -> Iterator[None]:
    """Raise errors of log files in the block, for which logging prints a traceback a line.

    Escape characters that the encoding of a log or of the terminal lacks.
    """

    def handle(handler: logging.StreamHandler, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and isinstance(handler, logging.FileHandler):
            raise error
        if isinstance(error, UnicodeEncodeError) and handler.stream.errors == 'strict':
            handler.stream.reconfigure(errors='backslashreplace')
            handler.emit(record)
        else:
            logging.Handler.handleError(handler, record)

    logging.StreamHandler.handleError = handle  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        del logging.StreamHandler.handleError


def _written_file(error: OSError) -> str | None:
    """Find the file that the failing code had open, since a failed write does not name it."""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        for value in [
            *frame.f_locals.values(),
            getattr(frame.f_locals.get('self'), 'stream', None),
        ]:
            name, mode = (getattr(value, key, None) for key in ('name', 'mode'))
            if isinstance(value, io.IOBase) and isinstance(name, str) and mode not in ('r', 'rb'):
                return name
    return None
