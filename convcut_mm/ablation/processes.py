"""Run several trainings at a time, each with its test in one process of its own.

Without a GPU the processes are forks of one that has imported everything and computed nothing
(multiprocessing's fork server), so a run starts at once. CUDA does not survive a fork: with a GPU
each run is a new process.
"""

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from ..errors import ConvcutError
from .run import AblationRun

# imported by the fork server; what tools/train.py and tools/test.py use
_PRELOADED = ['convcut_mm', 'convcut_mm.cli.check_config', 'convcut_mm.cli.runner']
_PRELOADED += ['convcut_mm.cli.fine_tuning', 'convcut_mm.evaluation', __name__]


def finished_runs(
    runs: Sequence[AblationRun],
    jobs: int = 1,
    test: bool = True,
    started: Callable[[AblationRun], None] = lambda run: None,
) -> Generator[tuple[AblationRun, ConvcutError | None], None, None]:
    """Train and test runs, each in a process of its own, whose crash leaves the others alone.

    If the caller stops before the end, as by Ctrl-C, the running processes are terminated. If this
    process is killed, they go on to the end of their runs, which they keep locked.

    Args:
        runs (Sequence[AblationRun]): They are started in this order.
        jobs (int): Number of runs at a time; they share the cores. Defaults to 1.
        test (bool): Test after the training. Defaults to True.
        started (callable): Called with each run that is about to start. Defaults to nothing.

    Yields:
        tuple[AblationRun, ConvcutError | None]: Each run that has ended, and why it failed.
    """
    waiting = list(runs)
    running: list[_RunProcess] = []
    threads = threads_each(jobs)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                run = waiting.pop(0)
                started(run)
                running.append(_RunProcess(run, threads, test))
            ended = wait([one.process.sentinel for one in running])
            for one in [one for one in running if one.process.sentinel in ended]:
                running.remove(one)
                yield one.run, one.error()
    finally:
        for one in running:
            one.process.terminate()
        for one in running:
            one.process.join()


def threads_each(jobs: int) -> int:
    """Return how many threads of PyTorch each of several processes gets."""
    return max(1, torch.get_num_threads() // jobs)


def start_method() -> str:
    """Return how multiprocessing starts the process of a run."""
    return 'spawn' if torch.cuda.is_available() else 'forkserver'


class _RunProcess:
    """The process of a run."""

    def __init__(self, run: AblationRun, threads: int, test: bool) -> None:
        self.run = run
        context: Any = multiprocessing.get_context(start_method())  # its base lacks Process
        context.set_forkserver_preload(_PRELOADED)
        self._message, sender = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_work, args=(os.getcwd(), run, threads, test, sender)
        )
        self.process.start()
        sender.close()

    def error(self) -> ConvcutError | None:
        """Return why the run failed, once the process has ended."""
        self.process.join()
        with self._message:
            if self._message.poll():
                try:
                    return ConvcutError(self._message.recv())
                except EOFError:  # it ended without a message
                    pass
        status = self.process.exitcode
        if status == 0:
            return None
        how = f'was killed by {signal.Signals(-status).name}' if status < 0 else f'ended: {status}'
        return ConvcutError(
            f'{self.run.folder}: the process of this run {how}; see the logs there'
        )


def _work(folder: str, run: AblationRun, threads: int, test: bool, sender: Connection) -> None:
    os.chdir(folder)  # multiprocessing goes back to where this program has started
    gc.freeze()  # mmengine collects garbage for each data set: half a second among all imports
    torch.set_num_threads(threads)
    try:
        run.train()
        if test:
            run.test()
    except ConvcutError as error:
        sender.send(str(error))
        sys.exit(1)
    except KeyboardInterrupt:  # Ctrl-C in a terminal reaches every process
        sys.exit(130)
