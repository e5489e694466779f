"""What a command imports before it knows what to do, and Ctrl-C meanwhile; in new processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# in one process, which is not asked to do anything
PARSERS = """
import sys
import convcut
from convcut_mm.cli.main import COMMANDS

def status(*words):
    try:
        convcut.main(words)
    except SystemExit as end:
        return end.code

for name in set(COMMANDS) - {'page', 'duplicates'}:  # these two import first
    assert status(name, '--help') == 0, name
    assert status(name, '--such') == 2, name
    assert 'torch' not in sys.modules, name
"""


@pytest.fixture
def environment(root):
    return {**os.environ, 'PYTHONPATH': str(root), 'PYTHONUNBUFFERED': '1'}


def test_parsers_need_no_torch(environment):
    done = subprocess.run(
        [sys.executable, '-c', PARSERS], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.skipif(not Path('/proc/self/maps').exists(), reason='needs /proc')
def test_ctrl_c_while_torch_is_imported(environment, root, tmp_path):
    words = [sys.executable, 'tools/infer.py', 'docs/images/astronaut.jpg', '--out', tmp_path]
    process = subprocess.Popen(
        words, env=environment, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    maps = Path('/proc') / str(process.pid) / 'maps'
    end = time.monotonic() + 60
    while 'libtorch' not in maps.read_text():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed, errors) == (130, '', 'interrupted\n')
    assert not list(tmp_path.iterdir())
