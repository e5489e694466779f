"""tools/benchmarks: they start, and the smallest of their cases measures something."""

import json

import pytest
from PIL import Image

TOOLS = ('crops', 'detectors', 'feature_store', 'inference', 'startup')


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


def test_scale_fits_each_step_and_goes_on_where_it_stopped(run, capsys, tmp_path):
    small = (
        '--rows',
        8,
        16,
        32,
        '--ranks',
        2,
        '--rounds',
        1,
        '--large-rows',
        8,
        '--out',
        tmp_path,
    )
    assert run('feature_store', 'scale', *small) in (None, 0)
    figures = json.loads((tmp_path / 'scale' / 'figures.json').read_text())
    steps = {'build', 'open first', 'open again', 'verify', 'epoch'}
    assert set(figures['fits']['2']) == {*steps, 'memory'}
    for measured in figures['measured'].values():
        assert min(min(times) for times in measured.get('cpu', dict(none=[1])).values()) >= 0
    assert (tmp_path / 'scale' / 'scale.png').stat().st_size > 10_000
    printed = capsys.readouterr().out
    assert all(step in printed for step in steps)
    (tmp_path / 'scale' / 'figures.json').unlink()
    assert run('feature_store', 'scale', *small, '--resume') in (None, 0)
    assert json.loads((tmp_path / 'scale' / 'figures.json').read_text()) == figures


def test_a_fit_of_two_sizes_is_refused(run, capsys, tmp_path):
    assert run('feature_store', 'scale', '--rows', 8, 16, '--out', tmp_path) == 1
    assert 'error: --rows 8 16: a fit needs three' in capsys.readouterr().err


def test_a_folder_without_images_is_one_line(run, capsys, tmp_path):
    for case in ('same', 'job', 'faults'):
        assert run('feature_store', case, '--data', tmp_path, '--out', tmp_path / 'out') == 1
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error == f'error: {tmp_path}: no folder FER2013Train there'
    assert not (tmp_path / 'out').exists()


def test_detectors_counts_known_faces(run, capsys, tmp_path):
    pytest.importorskip('onnxruntime')
    data = pytest.importorskip('skimage.data')
    Image.fromarray(data.astronaut()).save(tmp_path / 'a.png')
    Image.fromarray(data.coffee()).save(tmp_path / 'b.png')
    truth = {'a.png': [[177, 70, 272, 165], [400, 400, 450, 450]], 'b.png': []}
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    out = tmp_path / 'out.json'
    options = ('--detectors', 'centerface', '--rolls', '0', '45', '--out', out)
    assert run('detectors', tmp_path, tmp_path / 'truth.json', *options) in (None, 0)
    rows = json.loads(out.read_text())['detectors']['centerface']
    assert (rows['found'], rows['false']) == (1, 0)  # the second face is none
    assert rows['rolls'] == {'0': 50.0, '45': 50.0} and rows['ms'] > 0
    assert 'centerface       1   50.0 %' in capsys.readouterr().out
    for content, problem in (
        ('{', 'not JSON'),
        ('[]', 'expected {"photo.jpg"'),
        ('{"a.png": [[5, 5, 1, 9]]}', '"a.png": expected faces'),
        ('{"c.png": []}', '"c.png": no such photo'),
        ('{"../a.png": []}', 'no such photo'),
    ):
        (tmp_path / 'truth.json').write_text(content)
        assert run('detectors', tmp_path, tmp_path / 'truth.json') == 1
        assert problem in capsys.readouterr().err


def test_crops_compares_with_the_uncut_face(run, capsys, tmp_path, real_ferplus):
    pytest.importorskip('onnxruntime')
    out = tmp_path / 'out.json'
    options = ('--split', 'valid', '--count', 12, '--templates', 'own', 'box', '--margins', 0)
    data = real_ferplus('FER2013Valid')
    assert run('crops', '--data', data, *options, '--out', out) in (None, 0)
    own, box = json.loads(out.read_text())
    assert own['found'] >= 50 and own['uncut'] == box['uncut'] >= 50
    assert '12 images of valid, uncut' in capsys.readouterr().out
