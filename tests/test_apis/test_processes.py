"""Inferencers forked, spawned, pickled, in threads: processes.py, in a process of its own.

ONNX Runtime, OpenVINO and PyTorch's threads stay loaded after it, and later forks of this process,
of which many tests make use, would crash.
"""

from pathlib import Path


def test_in_other_processes_and_threads(run_command, root):
    file = Path(__file__).with_name('processes.py').relative_to(root)
    options = ('-n', '0', '-p', 'no:cacheprovider')
    done = run_command('python', '-m', 'pytest', *options, file, PYTEST_XDIST_WORKER='gw0')
    assert '6 passed' in done.stdout, done.stdout[-2000:]
