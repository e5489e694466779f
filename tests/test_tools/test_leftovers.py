"""What tools that were killed leave beside their results is known as theirs, and goes."""

import signal
import tempfile

import numpy as np

from convcut_mm.utils.drafts import remove_leftovers


def test_infer(fork_tool, write_video, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    video, out = write_video(tmp_path / 'v.avi', [noise] * 2000), tmp_path / 'out'
    fork = fork_tool('tools/infer.py', video, '--out', out)
    written = lambda: any(draft.stat().st_size for draft in out.glob('.v.mp4.*'))  # noqa: E731
    assert fork.kill_when(written) == -signal.SIGKILL
    assert len(list(out.iterdir())) == 3  # two tables and the video
    remove_leftovers(out)
    assert not list(out.iterdir())


def test_export(fork_tool, tiny_model, tmp_path, monkeypatch):
    temporary, out = tmp_path / 'tmp', tmp_path / 'out'
    temporary.mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', str(temporary))
    fork = fork_tool(
        'tools/deployment/export.py', *tiny_model(), '--format', 'onnx', '--out', out / 'm.onnx'
    )
    written = lambda: any(out.glob('.m.onnx.*/*.onnx'))  # noqa: E731
    assert fork.kill_when(written) == -signal.SIGKILL
    assert len(list(out.iterdir())) == 1 and not list(temporary.iterdir())
    remove_leftovers(out)
    assert not list(out.iterdir())
