"""Import what a tool computes with: quickly, and Ctrl-C ends it in one line."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it


@contextmanager
def start_up(with_models: bool = True) -> Iterator[None]:
    """Import within this block.

    Args:
        with_models (bool): Call :func:`convcut_mm.register` first, which everything needs that
            imports PyTorch. Defaults to True.
    """
    collects = gc.isenabled()
    gc.disable()  # a fifth of the time: imports make a million objects, and nearly all stay
    try:
        with _ends_at_ctrl_c():
            if with_models:
                from .. import register

                register()
            yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()


@contextmanager
def _ends_at_ctrl_c() -> Iterator[None]:
    """End the process at Ctrl-C: nothing is written yet, and imports swallow exceptions."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: object) -> None:
    print('interrupted', file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)
