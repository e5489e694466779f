"""Synthetic faces: same bytes, RAF-DB's layout, complete or absent; and the tool for them."""

import hashlib
import multiprocessing
import os
import runpy
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convcut_mm.datasets import synthetic_faces
from convcut_mm.datasets.synthetic_faces import (
    EXPRESSIONS,
    contact_sheet,
    render_dataset,
    render_face,
)
from convcut_mm.errors import ConvcutError

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools/dataset_converters/draw_faces.py'
TRAIN, TEST, SIZE = 3, 2, 48
ALIGNED, LABELS = 'basic/Image/aligned', 'basic/EmoLabel/list_patition_label.txt'


def render(root, train=TRAIN, test=TEST, seed=0):
    return render_dataset(root, train, test, seed, SIZE)


def digests(root):
    """Return the digest of every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(root).rglob('*')
        if path.is_file()
    }


def labels(root):
    """Return the label file as a dict from name to label, in its order."""
    return {
        name: int(label)
        for name, label in (line.split(' ') for line in (root / LABELS).read_text().splitlines())
    }


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    return render(tmp_path_factory.mktemp('faces') / 'faces')


def test_same_arguments_give_the_same_bytes(faces, tmp_path):
    assert digests(render(tmp_path / 'again')) == digests(faces)


def test_other_seed_gives_other_faces(faces, tmp_path):
    ours, others = digests(faces), digests(render(tmp_path / 'other', seed=1))
    assert ours.keys() == others.keys()
    assert not set(ours.values()) & set(others.values())


def test_official_layout(faces):
    count = len(EXPRESSIONS)
    train = [f'train_{number:05d}' for number in range(1, TRAIN * count + 1)]
    test = [f'test_{number:04d}' for number in range(1, TEST * count + 1)]
    listed = labels(faces)
    assert list(listed) == [f'{stem}.jpg' for stem in train + test]
    assert (faces / LABELS).read_bytes().count(b'\n') == len(listed)
    for stems, per_class in ((train, TRAIN), (test, TEST)):
        found = sorted(listed[f'{stem}.jpg'] for stem in stems)
        assert found == [label for label in range(1, count + 1) for _ in range(per_class)]
    pictures = {f'{ALIGNED}/{stem}_aligned.jpg' for stem in train + test}
    assert set(digests(faces)) == pictures | {LABELS, 'README.txt'}
    for picture in pictures:
        with Image.open(faces / picture) as image:
            assert (image.format, image.mode, image.size) == ('JPEG', 'RGB', (SIZE, SIZE))
    assert 'no photographs and no part of RAF-DB' in (faces / 'README.txt').read_text()


def test_face_does_not_depend_on_how_many_there_are(faces, tmp_path):
    more = render(tmp_path / 'more', train=TRAIN + 2)
    ours, theirs = labels(faces), labels(more)
    same = [name for name in ours if ours[name] == theirs[name]]
    assert {name.split('_')[0] for name in same} == {'train', 'test'}
    assert all(name in same for name in ours if name.startswith('test'))
    for name in same:
        picture = f'{ALIGNED}/{name[:-4]}_aligned.jpg'
        assert (faces / picture).read_bytes() == (more / picture).read_bytes()


def test_folder_of_an_earlier_release_is_accepted(faces, tmp_path):
    root = tmp_path / 'faces'
    shutil.copytree(faces, root)
    readme = root / 'README.txt'
    settings = readme.read_text().splitlines()[1]
    readme.write_text(f'Drawn by a program; no photographs and no part of RAF-DB.\n{settings}\n')
    before = digests(root)
    assert render(root) == root and digests(root) == before


def test_second_call_renders_nothing(faces, monkeypatch):
    monkeypatch.setattr(synthetic_faces.dataset, '_write', None)
    before = digests(faces)
    assert render(str(faces)) == faces
    assert digests(faces) == before


@pytest.mark.parametrize('content', [None, {}, {'notes.txt': 'mine'}, {'README.txt': 'mine'}])
def test_other_folder_is_refused_and_kept(tmp_path, content):
    root = tmp_path / 'taken'
    if content is None:
        root.write_text('a file')
    else:
        root.mkdir()
        for name, text in content.items():
            (root / name).write_text(text)
    before = digests(tmp_path)
    with pytest.raises(ConvcutError, match=f'{root}: exists and holds something else'):
        render(root)
    assert digests(tmp_path) == before and os.listdir(tmp_path) == ['taken']


def test_other_arguments_are_refused(faces):
    before = digests(faces)
    with pytest.raises(ConvcutError, match=f'{faces}: exists'):
        render(faces, seed=1)
    assert digests(faces) == before


@pytest.mark.parametrize('seed', [0, 1])
def test_folder_that_appears_meanwhile(faces, tmp_path, monkeypatch, seed):
    root, write = tmp_path / 'late', synthetic_faces.dataset._write

    def write_late(*args):
        write(*args)
        shutil.copytree(faces, root)

    monkeypatch.setattr(synthetic_faces.dataset, '_write', write_late)
    if seed == 0:
        assert render(root) == root
    else:
        with pytest.raises(ConvcutError, match=f'{root}: exists'):
            render(root, seed=seed)
    assert digests(root) == digests(faces) and os.listdir(tmp_path) == ['late']


def test_failure_leaves_nothing(tmp_path, monkeypatch):
    def fail(folder, *args):
        (folder / 'half').touch()
        raise OSError('disk full')

    monkeypatch.setattr(synthetic_faces.dataset, '_write', fail)
    with pytest.raises(OSError, match='disk full'):
        render(tmp_path / 'faces')
    assert os.listdir(tmp_path) == []


def draw_at_once(root, barrier):
    barrier.wait(60)
    render(root)


def test_two_processes_at_once(faces, tmp_path):
    # forked, so that neither imports torch again and both start together
    context = multiprocessing.get_context('fork')
    barrier = context.Barrier(2)
    processes = [
        context.Process(target=draw_at_once, args=(tmp_path / 'faces', barrier)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert digests(tmp_path / 'faces') == digests(faces) and os.listdir(tmp_path) == ['faces']


@pytest.mark.parametrize(
    'name, value, least',
    [('train_per_class', 0, 1), ('test_per_class', -1, 1), ('seed', -1, 0), ('size', 31, 32)],
)
def test_bad_arguments(tmp_path, name, value, least):
    with pytest.raises(ConvcutError, match=f'{name} is {value}, but .* at least {least}'):
        render_dataset(tmp_path / 'faces', **{name: value})
    assert os.listdir(tmp_path) == []


def test_face_and_sheet():
    rng = np.random.default_rng(0)
    face = render_face('fear', rng, SIZE)
    assert face.shape == (SIZE, SIZE, 3) and face.dtype == np.uint8 and face.std() > 10
    with pytest.raises(ConvcutError, match="no expression 'joy'; there are surprise, fear"):
        render_face('joy', rng)
    with pytest.raises(ConvcutError, match='size is 31'):
        render_face('fear', rng, 31)
    sheet = contact_sheet(2, size=SIZE)
    assert sheet.shape[0] == len(EXPRESSIONS) * SIZE and sheet.shape[1] > 2 * SIZE
    for bad in (dict(per_class=0), dict(seed=-1), dict(size=31)):
        with pytest.raises(ConvcutError, match=f'{next(iter(bad))} is '):
            contact_sheet(**bad)


def test_tool_writes_sheet(tmp_path, monkeypatch, capsys):
    sheet = tmp_path / 'sheet.png'
    monkeypatch.setattr(sys, 'argv', ['draw_faces.py', '--sheet', str(sheet), '--size', '32'])
    runpy.run_path(str(TOOL), run_name='__main__')
    assert capsys.readouterr().out == f'{sheet}: 8 faces for each of 7 expressions\n'
    with Image.open(sheet) as image:
        assert image.format == 'PNG' and image.height == 7 * 32 and image.width > 8 * 32
    assert os.listdir(tmp_path) == ['sheet.png']


@pytest.mark.parametrize(
    'args, message',
    [
        ([], 'name either the folder'),
        (['faces', '--sheet', 'a.png'], 'name either the folder'),
        (['--sheet', 'a.jpg'], '--sheet a.jpg: expected a name that ends in .png'),
        (['faces', '--size', '8'], 'size is 8, but has to be at least 32'),
    ],
)
def test_tool_names_bad_options(tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['draw_faces.py', *args])
    with pytest.raises(SystemExit) as exit_info:
        runpy.run_path(str(TOOL), run_name='__main__')
    captured = capsys.readouterr()
    assert exit_info.value.code == 1 and captured.out == ''
    assert captured.err.startswith(f'error: {message}') and captured.err.count('\n') == 1
    assert os.listdir(tmp_path) == []


def test_tool_end_to_end(faces, tmp_path, fork_tool):
    taken = tmp_path / 'taken'
    taken.mkdir()
    options = '--train-per-class', TRAIN, '--test-per-class', TEST, '--size', SIZE
    good = fork_tool(TOOL, tmp_path / 'faces', *options)
    assert good.wait() == 0
    assert good.log.read_text().splitlines()[-1] == (
        f'{tmp_path / "faces"}: 21 training and 14 test faces of 7 expressions'
    )
    assert digests(tmp_path / 'faces') == digests(faces)
    bad = fork_tool(TOOL, taken, *options)
    assert bad.wait() == 1
    said = bad.log.read_text()
    assert 'expressions' not in said and 'Traceback' not in said
    assert said.splitlines()[-1].startswith(f'error: {taken}: exists and holds something else')
    assert os.listdir(taken) == []


def test_interruption_leaves_nothing(tmp_path, fork_tool):
    fork = fork_tool(TOOL, tmp_path / 'faces', '--train-per-class', 5000, '--size', SIZE)
    status = fork.kill_when(
        lambda: any(tmp_path.glob('.faces.*/basic/Image/aligned/*')), signal.SIGINT
    )
    assert status == 130 and fork.log.read_text().splitlines()[-1] == 'interrupted'
    assert os.listdir(tmp_path) == []
