"""tools/analysis_tools/duplicates.py: counts, bounds, figure and JSON; marks reach the metrics."""

import json

import numpy as np
from PIL import Image

TOOL = 'tools/analysis_tools/duplicates.py'


def write_ferplus(root, copies: int = 6):
    """60 training images of two classes and 20 of Valid, some of them copies; ten votes each."""
    noise = np.random.default_rng(0)
    faces = noise.integers(0, 256, (80, 48, 48), np.uint8)
    faces[60 : 60 + copies] = faces[:copies]
    for split, start, stop in (('Train', 0, 60), ('Valid', 60, 80)):
        folder = root / f'FER2013{split}'
        folder.mkdir(parents=True)
        lines = []
        for number in range(start, stop):
            name = f'fer{number:07d}.png'
            Image.fromarray(faces[number]).save(folder / name)
            label = number % 2 if number != 60 else 1  # a copy with another label
            votes = [8 if i == label else 2 if i == 3 else 0 for i in range(10)]
            lines.append(f'{name},"(0, 0, 48, 48)",{",".join(map(str, votes))}\n')
        (folder / 'label.csv').write_text(''.join(lines))
    return root


def test_ferplus_config(tmp_path, run_here, root, capsys):
    data = write_ferplus(tmp_path / 'ferplus')
    option = f'test_dataloader.dataset.data_root={data}'
    config = root / 'configs/convcut_ferplus.py'
    out = tmp_path / 'copies'
    assert run_here(TOOL, config, '--out', out, '--cfg-options', option) == 0
    printed = capsys.readouterr().out
    assert '6 (30.0 %)' in printed
    assert '1 of 6 pairs carry different labels, agreement 83.3 % (43.6 to 97.0)' in printed
    assert 'valid: the best possible predictor is right on ' in printed
    found = json.loads((tmp_path / 'copies.json').read_text())
    assert found['splits']['valid']['identical'] == 6 and len(found['pairs']) == 6
    assert found['splits']['valid']['by_class']['neutral']['identical'] == 2
    assert found['panel_bound']['valid']['images'] == 20
    with Image.open(tmp_path / 'copies.png') as picture:
        assert picture.width > 500


def test_mistakes(tmp_path, run_tool_here):
    for words, message in (
        ([tmp_path], f'{tmp_path}: no images in it'),
        ([tmp_path / 'faces.zip'], 'faces.zip'),
        ([tmp_path, tmp_path / 'x'], f'{tmp_path}: no images in it'),
    ):
        status, error = run_tool_here(TOOL, *words)
        assert status == 1 and message in error and error.count('\n') == 1
