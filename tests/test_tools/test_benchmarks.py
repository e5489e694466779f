"""tools/benchmarks: they start, and the smallest of their cases measures something."""

import json

import pytest

TOOLS = ('feature_store', 'inference')


@pytest.fixture
def run(root, run_here, monkeypatch):
    """Runs a benchmark with its own folder on the path, as Python does for a script."""
    monkeypatch.syspath_prepend(str(root / 'tools' / 'benchmarks'))
    return lambda name, *args: run_here(f'tools/benchmarks/{name}.py', *args)


@pytest.mark.parametrize('name', TOOLS)
def test_help_shows_how_it_is_run(name, run, capsys):
    assert run(name, '--help') == 0
    assert f'python tools/benchmarks/{name}.py' in capsys.readouterr().out


def test_forward_compares_all_sides_and_writes_the_rates(run, capsys, tmp_path):
    small = ('--batch', 1, '--rounds', 1, '--side', 32)
    assert run('feature_store', 'forward', '--out', tmp_path, *small) in (None, 0)
    printed = capsys.readouterr().out
    rates = json.loads((tmp_path / 'forward' / 'figures.json').read_text())
    assert len(rates) == 4 and min(rates.values()) > 0
    assert all(name in printed for name in rates)


def test_a_folder_without_images_is_one_line(run, capsys, tmp_path):
    for case in ('same', 'job', 'faults'):
        assert run('feature_store', case, '--data', tmp_path, '--out', tmp_path / 'out') == 1
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error == f'error: {tmp_path}: no folder FER2013Train there'
    assert not (tmp_path / 'out').exists()
