"""What tools that were killed leave beside their results is known as theirs, and goes."""

import signal
import tempfile

from convcut_mm.utils.drafts import remove_leftovers


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
