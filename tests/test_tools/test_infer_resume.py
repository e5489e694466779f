"""tools/infer.py --resume: a killed and resumed run equals an undisturbed one."""

import fcntl
import json
import os

import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.outputs.journal import JOURNAL, Journal

IMAGES = 24


@pytest.fixture(scope='module')
def media(tmp_path_factory, write_video):
    """Images, one of them broken, then a video, then an image with the video's name."""
    folder = tmp_path_factory.mktemp('media')
    rng = np.random.default_rng(0)
    for index in range(IMAGES):
        image = rng.integers(0, 256, (100, 100, 3), np.uint8)
        Image.fromarray(image).save(folder / f'{index:02d}.png')
    (folder / '05.png').write_bytes(b'no image')
    write_video(folder / 'm.avi', rng.integers(0, 256, (60, 100, 100, 3), np.uint8))
    Image.fromarray(image).save(folder / 'm.png')
    Image.fromarray(image).save(folder / 'z.png')
    return folder


@pytest.fixture
def command(tiny_model, media):
    """Return the words of a command."""

    def make(out, *options, model=0, inputs=media) -> list:
        config, checkpoint = tiny_model(seed=model)
        words = ['tools/infer.py', inputs, '--out', out, '--model', config]
        words += ['--checkpoint', checkpoint, '--detector', 'none', '--batch-size', 3]
        return [*words, *options]

    return make


def rows(out, text: str = '"input"') -> int:
    return (out / JOURNAL).read_text().count(text) if (out / JOURNAL).is_file() else 0


def contents(out) -> dict:
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_a_killed_run_goes_on(command, fork_tool, run_here, capsys, tmp_path):
    out, whole = tmp_path / 'out', tmp_path / 'whole'
    assert fork_tool(*command(whole)).wait() == 3
    assert fork_tool(*command(out)).kill_when(lambda: rows(out) > 9) == -9
    assert 'predictions.csv' not in contents(out)
    kept = rows(out)
    # a kill in the middle of a line
    with open(out / JOURNAL, 'ab') as file:
        file.write(b'{"input": "cut o')
    second = fork_tool(*command(out, '--resume'))
    assert second.kill_when(lambda: rows(out, '"frame"') > 5) == -9
    assert rows(out) > kept
    third = fork_tool(*command(out, '--resume'))
    assert third.wait() == 3
    assert contents(out) == contents(whole)
    # what the third one had to do: the video and two images
    assert '62/62' in third.log.read_text()
    assert f'{IMAGES + 1 + 60} frames: ' in third.log.read_text()
    lines = [json.loads(line) for line in (out / 'predictions.jsonl').open()]
    assert len(lines) == IMAGES + 60 + 2
    assert [line['picture'] for line in lines[-3:]] == ['m.mp4', 'm-2.png', 'z.png']


def test_what_is_refused(command, fork_tool, run_here, capsys, media, tmp_path):
    out = tmp_path / 'out'
    fork_tool(*command(out)).kill_when(lambda: rows(out, '"done"') > 1)
    before = (out / JOURNAL).read_bytes()

    def refused(*options, **model) -> str:
        capsys.readouterr()
        assert run_here(*command(out, '--resume', *options, **model)) == 1
        assert (out / JOURNAL).read_bytes() == before
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert '--margin None, this one has 0.1' in refused('--margin', 0.1)
    assert 'another model' in refused(model=1)
    assert '--pictures True, this one has False' in refused('--no-pictures')
    os.utime(media / '00.png', ns=(0, 0))
    assert 'other inputs, or files that were changed' in refused()
    holder = os.open(out / JOURNAL, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert 'another run writes its results there' in refused()
    finally:
        os.close(holder)
    (out / JOURNAL).write_text('{"run": 3}\n')
    before = (out / JOURNAL).read_bytes()
    assert 'not written by tools/infer.py' in refused()
    # without --resume a run starts anew, and says what it gives up
    (out / JOURNAL).write_text('{"run": {}}\n{"input": "a", "error": null, "faces": []}\n')
    assert run_here(*command(out, inputs=media / 'z.png')) == 0
    assert 'this one starts anew' in capsys.readouterr().err
    assert JOURNAL not in contents(out)


def test_a_journal_is_whole_lines(tmp_path):
    journal = Journal(tmp_path, {'margin': 0.1}, [])
    journal.add({'input': 'caf\udce9', 'score': 0.12345678})
    assert [result['score'] for result in journal.results()] == [0.123457]
    journal.close(keep=False)
    assert list(tmp_path.iterdir()) == []
