"""Run a tool of this repository in this process, with its output in a log."""

import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..errors import ConvcutError
from ..zoo import root


def call_tool(tool: str, arguments: Sequence[str], log: Path) -> None:
    """Run ``tools/TOOL.py`` to its end; from then on, this process prints into the log.

    Args:
        tool (str): 'train' or 'test'.
        arguments (Sequence[str]): Its command line.
        log (Path): File that its output is appended to.

    Raises:
        ConvcutError: The tool failed.
    """
    path = root() / 'tools' / f'{tool}.py'
    sys.argv = [str(path), *arguments]
    with open(log, 'ab') as output:
        _print_into(output.fileno())
    try:
        runpy.run_path(str(path), run_name='__main__')
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # whatever it was, the log gets it, as from a process of the tool alone
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if status != 0:
        raise ConvcutError(f'{log}: {tool}.py ended with status {status}: {_last_line(log)}')


def _print_into(descriptor: int) -> None:
    for number, name in ((1, 'stdout'), (2, 'stderr')):
        getattr(sys, name).flush()
        os.dup2(descriptor, number)
        # by lines: a process that is killed loses nothing; a new stream, in case of a fork of a
        # program that has replaced them
        setattr(sys, name, open(number, 'w', buffering=1, closefd=False))  # noqa: SIM115


def _last_line(log: Path) -> str:
    lines = log.read_text(errors='replace').strip().splitlines()
    return lines[-1].strip() if lines else 'it wrote nothing'
