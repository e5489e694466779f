"""Send logs to stderr, so that stdout holds nothing but the result of a tool."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TextIO

from mmengine.logging import MMLogger
from mmengine.logging import logger as mmengine_module

_installed = False


class StderrHandler(logging.StreamHandler):
    """A handler that looks ``sys.stderr`` up for each line, so that progress bars stay intact."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        """The current ``sys.stderr``."""
        return sys.stderr


def _to_stderr(logger: MMLogger) -> None:
    for number, handler in enumerate(logger.handlers):
        if type(handler) is logging.StreamHandler:
            own = StderrHandler()
            own.setLevel(handler.level)  # ERROR in all ranks but the first
            own.setFormatter(handler.formatter)
            own.filters = handler.filters
            logger.handlers[number] = own


def install_stderr_logs() -> None:
    """Make all of mmengine's loggers, existing and new, write to stderr.

    mmengine has no setting for it: its loggers write to ``sys.stdout``, and ``print_log`` without
    a logger calls ``print``.
    """
    global _installed
    if _installed:
        return
    _installed = True
    original = MMLogger.__init__

    def __init__(self: MMLogger, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _to_stderr(self)

    MMLogger.__init__ = __init__
    mmengine_module.print = lambda message: MMLogger.get_current_instance().info(message)
    for logger in MMLogger._instance_dict.values():
        _to_stderr(logger)


@contextmanager
def warnings_only() -> Iterator[None]:
    """Limit mmengine's current logger to warnings and errors within the block."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def import_quietly() -> None:
    """Import mmpretrain with logs on stderr, and silence two harmless warnings.

    One says that mmcv has no compiled operators, of which this package uses none, the other that
    OneDL's data service is not installed.
    """
    install_stderr_logs()
    with warnings_only(), warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Fail to import ')
        import_module('mmpretrain.datasets')
        import_module('mmpretrain.models')
