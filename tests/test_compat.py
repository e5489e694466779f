"""A missing, too old or doubled mm* stack raises a clear ImportError."""

import os
import subprocess
import sys
from pathlib import Path

import packaging
import pytest

ROOT = Path(__file__).parents[1]
INSTALL = 'pip install "convcut_mm[onedl]"'


def import_with(folder: Path, isolated: bool = True) -> subprocess.CompletedProcess:
    """Import convcut_mm with ``folder`` first and, if isolated, without any site-packages."""
    if isolated:
        (folder / 'packaging').symlink_to(Path(packaging.__file__).parent)  # pip brings it
    code = f'import sys; sys.path[:0] = [{str(folder)!r}, {str(ROOT)!r}]; import convcut_mm'
    flags = ['-S', '-E'] if isolated else []
    return subprocess.run(
        [sys.executable, *flags, '-c', code],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': ''},
    )


def fake_distribution(folder: Path, name: str, version: str = '1.0') -> None:
    info = folder / f'{name.replace("-", "_")}-{version}.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')


def fake_module(folder: Path, name: str, version: str) -> None:
    (folder / f'{name}.py').write_text(f'__version__ = {version!r}\n')


def last_line(done: subprocess.CompletedProcess) -> str:
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


def test_missing(tmp_path):
    line = last_line(import_with(tmp_path))
    assert line.startswith('ImportError') and '"mmpretrain" is missing' in line
    assert INSTALL in line


@pytest.mark.parametrize(
    'module,old', [('mmpretrain', '0.25.0'), ('mmengine', '0.9.1'), ('mmcv', '2.0.1')]
)
def test_too_old(tmp_path, module, old):
    for name, version in dict(mmpretrain='1.3.6', mmengine='0.10.12', mmcv='2.3.6').items():
        fake_module(tmp_path, name, old if name == module else version)
    line = last_line(import_with(tmp_path))
    assert f'{module} {old} is too old' in line and INSTALL in line


@pytest.mark.parametrize('second', ['mmpretrain', 'mmengine', 'mmcv-lite', 'mmcv'])
def test_both_lines(tmp_path, second):
    fake_distribution(tmp_path, 'onedl-mmpretrain', '1.3.6')
    fake_distribution(tmp_path, second)
    line = last_line(import_with(tmp_path))
    assert 'both mm* lines' in line and 'onedl-mmpretrain' in line and second in line
    assert 'pip uninstall' in line and INSTALL in line


def test_nothing_required_chooses_a_line():
    """setup.py's install_requires names torch and torchvision and no mm* package."""
    code = (
        'import setuptools, runpy, json; kept = {}; '
        'setuptools.setup = lambda **kwargs: kept.update(kwargs); '
        'runpy.run_path("setup.py"); '
        'print(json.dumps([kept["install_requires"], kept["extras_require"]]))'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    import json

    required, extras = json.loads(done.stdout)
    assert not [r for r in required if r.startswith(('mm', 'onedl'))]
    assert [r for r in required if r.startswith('torch>')]
    assert [r for r in required if r.startswith('torchvision>')]
    assert len([r for r in extras['onedl'] if r.startswith('onedl-mm')]) == 3
    assert not [r for r in extras['onedl'] if r.startswith('mm')]
    assert not [r for r in extras['upstream'] + extras['test'] if r.startswith('onedl')]
