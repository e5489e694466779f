"""tools/infer.py with hostile names, full disks, and closed pipes."""

import csv
import io
import json
import os
import sys

import numpy as np
import pytest
import torch
from fixtures.data import largest_file
from PIL import Image


@pytest.fixture
def infer(run_here, capsys, tiny_model, tmp_path):
    """Run the tool on a small model; return (exit status, stdout, stderr)."""

    def run(*args, checkpoint=None) -> tuple:
        config, own = tiny_model()
        capsys.readouterr()
        model = ('--model', config, '--checkpoint', checkpoint or own, '--detector', 'none')
        status = run_here('tools/infer.py', *args, '--out', tmp_path / 'out', *model)
        return status, *capsys.readouterr()

    return run


def lines(tmp_path) -> list:
    content = (tmp_path / 'out/predictions.jsonl').read_text('utf-8')
    return [json.loads(line) for line in content.splitlines()]


def files(tmp_path) -> list:
    return sorted(path.name for path in (tmp_path / 'out').iterdir())


def noise(seed: int = 0, size: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


NAMES = [
    'caf\udce9.png',
    '=1+1.png',
    'a\nb\x1b[31m.png',
    'ä' * 120 + '.png',
    'z' * 240 + '.png',
    'x.png',
    'x.bmp',
    'x-2.png',
    'X.jpeg',
    '$\\frac$.png',
]


def test_odd_names_cost_nothing(infer, tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    for name in NAMES:
        kind = {'bmp': 'BMP', 'jpeg': 'JPEG'}.get(name[-4:].strip('.'), 'PNG')
        with open(os.fsencode(folder / name), 'wb') as file:
            Image.fromarray(noise()).save(file, kind)
    status, out, err = infer(folder, '--resume')  # nothing to go on with: it starts
    assert status == 0, err
    assert 'caf\\xe9.png: ' in out and 'a\\nb\\x1b[31m.png: ' in out and '\x1b' not in out
    results = lines(tmp_path)
    assert len(results) == len(NAMES) and all(result['faces'] for result in results)
    pictures = [result['picture'] for result in results]
    assert len({picture.lower() for picture in pictures}) == len(NAMES)
    assert {*pictures, 'predictions.csv', 'predictions.jsonl'} == set(files(tmp_path))
    ours = {os.path.basename(r['input']): r['picture'] for r in results}
    same = [ours[name] for name in ('X.jpeg', 'x-2.png', 'x.bmp', 'x.png')]
    assert same == ['X.png', 'x-2.png', 'x-3.png', 'x-4.png']
    with open(tmp_path / 'out/predictions.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [row['picture'].lstrip("'") for row in rows] == pictures
    assert {row['expression'] for row in rows} == {results[0]['faces'][0]['expression']}


@pytest.mark.parametrize('encoding', ['ascii', 'cp1252'])
def test_a_terminal_without_the_letters(infer, tmp_path, monkeypatch, encoding):
    Image.fromarray(noise()).save(tmp_path / '微笑.png')
    content = io.BytesIO()
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(content, encoding=encoding))
    assert infer(tmp_path / '微笑.png', '--no-pictures')[0] == 0
    assert '\\u5fae\\u7b11.png: ' in content.getvalue().decode('ascii')
    assert lines(tmp_path)[0]['input'].endswith('微笑.png')


@pytest.mark.parametrize('streams', [['stdout'], ['stdout', 'stderr']])
def test_nobody_reads_on(infer, tmp_path, monkeypatch, streams):
    """Close the pipe early, as ``| head -1`` and ``2>&1 | head -1`` do."""
    Image.fromarray(noise()).save(tmp_path / 'a.png')
    (tmp_path / 'b.png').touch()
    for name in streams:
        reads, writes = os.pipe()
        os.close(reads)
        monkeypatch.setattr(sys, name, open(writes, 'w'))
    assert infer(tmp_path)[0] == 3
    assert [bool(line['error']) for line in lines(tmp_path)] == [False, True]
    assert files(tmp_path) == ['a.png', 'predictions.csv', 'predictions.jsonl']


def test_what_is_there_is_done(infer, tmp_path):
    Image.fromarray(noise()).save(tmp_path / 'good.jpg')
    (tmp_path / 'empty').mkdir()
    missing, empty = tmp_path / 'missing.jpg', tmp_path / 'empty'
    status, out, err = infer(tmp_path / 'good.jpg', missing, empty)
    assert status == 3
    assert f'error: {missing}: no such file' in err and f'error: {empty}: ' in err
    assert [bool(line['error']) for line in lines(tmp_path)] == [False, True, True]
    # stdout holds answers only, stderr all else
    first, *others = out.splitlines()
    assert first.startswith(f'{tmp_path / "good.jpg"}: ')
    assert others[0].startswith('1 image: 1 face ') and len(others) == 2


def test_weights_that_give_nan(infer, tiny_model, tmp_path):
    Image.fromarray(noise()).save(tmp_path / 'a.png')
    state = torch.load(tiny_model()[1])
    state['state_dict']['head.fc.weight'][:] = float('nan')
    torch.save(state, tmp_path / 'nan.pth')
    status, out, err = infer(tmp_path / 'a.png', checkpoint=tmp_path / 'nan.pth')
    assert status == 3 and f'error: {tmp_path / "a.png"}: the model gives NaN' in err
    assert '0 images: 0 faces; 1 without an answer' in out
    assert lines(tmp_path)[0]['faces'] == []


def test_no_room_for_a_video(infer, write_video, tmp_path):
    """OpenCV does not report it, and an .mp4 without a readable frame must not be listed."""
    frames = [noise(seed, 128) for seed in range(12)]
    path = write_video(tmp_path / 'a.avi', frames)
    with largest_file(60_000):
        status, out, err = infer(path)
    assert status == 1 and 'mp4' not in out
    assert f'error: {tmp_path}/out/a.mp4: ' in err and 'is the disk full?' in err
    assert files(tmp_path) == ['predictions.partial.jsonl']


@pytest.mark.parametrize(
    'options,file', [(['--no-pictures'], 'predictions.partial.jsonl'), ([], '00.png')]
)
def test_no_room_for_pictures_and_tables(infer, tmp_path, options, file):
    folder = tmp_path / 'in'
    folder.mkdir()
    for index in range(16):
        Image.fromarray(noise(index, 32)).save(folder / f'{index:02d}.png')
    with largest_file(5000):
        status, _, err = infer(folder, *options)
    assert status == 1 and err.count('error: ') == 1
    assert f'error: {tmp_path}/out/{file}: File too large' in err
    assert files(tmp_path) == ['predictions.partial.jsonl']
    status, _, err = infer(folder, '--resume', *options)
    assert status == 0, err
    assert len(lines(tmp_path)) == 16 and 'predictions.partial.jsonl' not in files(tmp_path)
