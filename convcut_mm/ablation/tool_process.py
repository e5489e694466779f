"""Run a tool of this repository in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..errors import ConvcutError
from ..zoo import root


def call_tool(tool: str, arguments: Sequence[str], log: Path, lock: IO) -> None:
    """Run ``tools/TOOL.py`` to its end.

    Args:
        tool (str): 'train' or 'test'.
        arguments (Sequence[str]): Its command line.
        log (Path): File that its output is appended to.
        lock (IO): See :func:`start_tool`.

    Raises:
        ConvcutError: The tool failed.
    """
    command = [sys.executable, str(root() / 'tools' / f'{tool}.py'), *arguments]
    with open(log, 'ab') as output:
        process = start_tool(command, output, lock)
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        raise ConvcutError(f'{log}: {tool}.py ended with status {status}: {_last_line(log)}')


def start_tool(command: list[str], output: IO, lock: IO) -> subprocess.Popen:
    """Start the process of a tool.

    Args:
        command (list[str]): The command.
        output (IO): File for stdout and stderr.
        lock (IO): Locked file that the process inherits: if this process is killed, the lock
            holds until the tool has ended too.
    """
    return subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, pass_fds=(lock.fileno(),)
    )


def _last_line(log: Path) -> str:
    lines = log.read_text(errors='replace').strip().splitlines()
    return lines[-1].strip() if lines else 'it wrote nothing'
