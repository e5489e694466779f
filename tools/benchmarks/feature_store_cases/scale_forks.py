"""Ranks of the case ``scale`` as forks of this process, and the memory that they take."""

import multiprocessing
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from convcut_mm.errors import ConvcutError

from .scale_process import Rank, measure

_EVERY = 0.05  # seconds between two looks at the memory of the ranks


class Measured(NamedTuple):
    """What each step took.

    Attributes:
        seconds: On the clock.
        cpu: CPU seconds of the rank that computed longest; other programs hardly change them.
        memory: Bytes of anonymous memory of the rank that had most, over its start. That is what
            a process has of its own: mapped shards are not in it.
    """

    seconds: dict[str, float]
    cpu: dict[str, float]
    memory: dict[str, float]


def run_ranks(
    images: Path, count: int, store: Path, steps: list[str], made_up: bool, ranks: int
) -> Measured:
    """Do steps in so many ranks that torch.distributed connects; see :func:`measure`.

    Forks share this process's imports, which take longer than most steps.

    Raises:
        ConvcutError: A rank failed.
    """
    context = multiprocessing.get_context('fork')
    port = _free_port()
    processes, pipes = [], []
    for number in range(ranks):
        pipe, end = context.Pipe(duplex=False)
        place = Rank(number, ranks, port)
        work = (images, count, store, steps, made_up, place, end)
        process = context.Process(target=_rank, args=work, daemon=True)
        process.start()
        end.close()
        processes.append(process)
        pipes.append(pipe)
    seen: list[list[tuple[float, int]]] = [[] for _ in processes]
    try:
        while any(process.is_alive() for process in processes):
            if any(process.exitcode for process in processes):
                raise ConvcutError(f'a rank failed at: {", ".join(steps)}')
            for process, samples in zip(processes, seen):
                samples += _anonymous(process.pid)
            time.sleep(_EVERY)
        times = [pipe.recv() for pipe in pipes]
    except EOFError:
        raise ConvcutError(f'a rank failed at: {", ".join(steps)}') from None
    finally:
        for process in processes:
            process.kill()
            process.join()
    return Measured(
        {step: max(one[step][1] - one[step][0] for one in times) for step in steps},
        {step: max(one[step][2] for one in times) for step in steps},
        {step: max(map(_most, seen, (one[step] for one in times))) for step in steps},
    )


def _rank(*work) -> None:
    *arguments, end = work
    end.send(measure(*arguments))


def _anonymous(pid: int | None) -> Iterable[tuple[float, int]]:
    """Yield time and bytes, nothing if the process has ended."""
    try:
        with open(f'/proc/{pid}/status') as file:
            for line in file:
                if line.startswith('RssAnon:'):
                    yield time.monotonic(), int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return


def _most(samples: list[tuple[float, int]], step: tuple[float, float, float]) -> float:
    """Return the most during a step, over the first sample."""
    begun, ended, _ = step
    during = [size for at, size in samples if begun <= at <= ended]
    return max(during, default=samples[0][1]) - samples[0][1]


def forget_files(paths: Iterable[Path]) -> None:
    """Drop files from the page cache, so that the disk is read again."""
    os.sync()  # what is not on the disk yet can't be dropped
    for path in paths:
        with open(path, 'rb') as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]
