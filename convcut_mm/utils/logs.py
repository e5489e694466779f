"""Logs go to stderr, so that what a tool prints on stdout is its result and nothing else."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from mmengine.logging import MMLogger
from mmengine.logging import logger as mmengine_module


class StderrHandler(logging.StreamHandler):
    """Writes to what ``sys.stderr`` is at that moment, so that progress bars keep their line."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):
        """The present ``sys.stderr``."""
        return sys.stderr


def _to_stderr(logger: MMLogger) -> None:
    for number, handler in enumerate(logger.handlers):
        if type(handler) is logging.StreamHandler:
            own = StderrHandler()
            own.setLevel(handler.level)  # ERROR in all processes but the first
            own.setFormatter(handler.formatter)
            own.filters = handler.filters
            logger.handlers[number] = own


def install_stderr_logs() -> None:
    """Make mmengine's loggers, those of today and those to come, write to stderr.

    mmengine has no setting for it: its logger opens ``sys.stdout``, and ``print_log`` without a
    logger prints.
    """
    original = MMLogger.__init__
    if getattr(original, 'to_stderr', False):
        return

    def __init__(self, *args, **kwargs) -> None:
        original(self, *args, **kwargs)
        _to_stderr(self)

    __init__.to_stderr = True
    MMLogger.__init__ = __init__
    mmengine_module.print = lambda message: MMLogger.get_current_instance().info(message)
    for logger in MMLogger._instance_dict.values():
        _to_stderr(logger)


@contextmanager
def warnings_only() -> Iterator[None]:
    """Within the block mmengine's current logger tells warnings and errors only."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def import_quietly() -> None:
    """Import mmpretrain with logs on stderr, and without two harmless lines.

    mmcv warns that it has no compiled operators, and this package uses none; 'Could not import
    OneDL' is about a data service of theirs.
    """
    install_stderr_logs()
    with warnings_only(), warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Fail to import ')
        import_module('mmpretrain.datasets')
        import_module('mmpretrain.models')
