"""tools/infer.py: files, exit status and messages."""

import csv
import json
import os
import signal
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def infer(run_here, capsys, tiny_model, tmp_path):
    """Run the tool on a small model; return (exit status, stdout, stderr)."""

    def run(*args, detector='none') -> tuple:
        config, checkpoint = tiny_model()
        capsys.readouterr()
        status = run_here(
            'tools/infer.py',
            *args,
            *('--out', tmp_path / 'out', '--model', config, '--checkpoint', checkpoint),
            *('--detector', detector),
        )
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def faces(tmp_path, tiny_model):
    """A folder with two images."""
    from convcut_mm.datasets.synthetic_faces import EXPRESSIONS, render_face

    (tmp_path / 'faces').mkdir()
    for index in range(2):
        image = render_face(list(EXPRESSIONS)[index], np.random.default_rng(index))
        Image.fromarray(image).save(tmp_path / 'faces' / f'{index}.png')
    return tmp_path / 'faces'


def lines(tmp_path) -> list:
    return [json.loads(line) for line in (tmp_path / 'out/predictions.jsonl').open()]


def files(tmp_path) -> list:
    return sorted(path.name for path in (tmp_path / 'out').iterdir())


def test_images(infer, faces, tmp_path):
    status, out, err = infer(faces / '0.png', faces / '1.png')
    assert status in (0, None), err
    assert files(tmp_path) == ['0.png', '1.png', 'predictions.csv', 'predictions.jsonl']
    answers = [line['faces'][0] for line in lines(tmp_path)]
    for index, answer in enumerate(answers):
        assert f'{index}.png: {answer["expression"]} {100 * answer["score"]:.0f} %' in out
    assert '2 images: 2 faces' in out
    with open(tmp_path / 'out/predictions.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['expression'] for row in rows] == [answer['expression'] for answer in answers]
    assert np.asarray(Image.open(tmp_path / 'out/0.png')).shape[1] > 320


def test_a_folder_with_broken_files(infer, faces, broken_files, tmp_path):
    broken = broken_files(faces)
    (faces / 'notes.txt').touch()
    status, out, err = infer(faces, '--no-pictures')
    assert status == 3
    for name, problem in broken.items():
        assert f'error: {faces / name}: {problem}' in err
    assert '2 images: 2 faces' in out and '3 without an answer' in out
    assert '1 file left out, neither image nor video' in err
    assert [bool(line['error']) for line in lines(tmp_path)] == [False, False, True, True, True]
    assert files(tmp_path) == ['predictions.csv', 'predictions.jsonl']


def test_without_a_face(infer, faces, tmp_path):
    pytest.importorskip('skimage')
    Image.new('RGB', (300, 200), 'green').save(faces / '0.png')
    status, out, _ = infer(faces / '0.png', detector='cascade')
    assert status in (0, None) and '0.png: no face found' in out
    assert '1 image: 0 faces; no face in 1' in out
    assert lines(tmp_path)[0]['faces'] == [] and (tmp_path / 'out/0.png').is_file()


def test_video(infer, write_video, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (12, 96, 128, 3), np.uint8)
    write_video(tmp_path / 'a.avi', frames, rate=6)
    status, out, err = infer(tmp_path / 'a.avi', '--every', 2)
    assert status in (0, None), err
    assert files(tmp_path) == [
        'a.mp4',
        'a_timeline.png',
        'a_timeline.svg',
        'predictions.csv',
        'predictions.jsonl',
    ]
    assert [line['frame'] for line in lines(tmp_path)] == [0, 2, 4, 6, 8, 10]
    video = cv2.VideoCapture(str(tmp_path / 'out/a.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6 and video.get(cv2.CAP_PROP_FPS) == 3
    video.release()


def test_a_video_that_ends_early(infer, write_video, tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (40, 96, 128, 3), np.uint8)
    path = write_video(tmp_path / 'a.avi', frames)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    status, out, err = infer(path)
    assert status == 3 and 'a.avi: ends early' in err
    assert (tmp_path / 'out/a.mp4').is_file() and len(lines(tmp_path)) > 10


def test_results_of_the_run_before_are_no_input(infer, faces, tmp_path):
    assert infer(tmp_path / 'faces')[0] in (0, None)
    assert infer(tmp_path)[0] in (0, None)
    assert len(lines(tmp_path)) == 2


@pytest.mark.parametrize(
    'args,problem',
    [
        (['missing.jpg'], 'error: missing.jpg: no such file or folder'),
        (['webcam:9'], 'webcam:9: no such webcam'),
        ([''], 'error: "": an empty path'),
        (['/dev/zero'], '/dev/zero: a pipe, socket or device'),
    ],
)
def test_mistakes(infer, tmp_path, args, problem):
    status, _, err = infer(*args)
    assert status in (1, 3) and problem in err


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems have a display')
def test_no_display(infer, faces, monkeypatch, tmp_path):
    """OpenCV would end the process without a Python error."""
    monkeypatch.delenv('DISPLAY', raising=False)
    status, _, err = infer(faces, '--show')
    assert status == 1 and 'error: there is no display to open a window on' in err
    assert not (tmp_path / 'out').exists()


def test_interrupted(infer, write_video, tmp_path):
    """Ctrl-C ends a webcam: finished results are written."""
    frame = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    path = write_video(tmp_path / 'a.avi', [frame] * 5000)

    def press_ctrl_c() -> None:
        for _ in range(6000):
            journal = tmp_path / 'out/predictions.partial.jsonl'
            if journal.is_file() and journal.read_bytes().count(b'\n') > 2:
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.005)

    thread = threading.Thread(target=press_ctrl_c)
    thread.start()
    status, out, _ = infer(path, '--batch-size', 4)
    thread.join()
    assert status == 130 and 'interrupted' in out
    done = lines(tmp_path)
    assert 0 < len(done) < 5000 and [line['frame'] for line in done] == list(range(len(done)))
    assert files(tmp_path)[0] == 'a.mp4'
    assert 'predictions.partial.jsonl' in files(tmp_path)  # for --resume


def test_help_shows_the_commands(run_here, capsys):
    assert run_here('tools/infer.py', '--help') == 0
    assert 'python tools/infer.py photo.jpg --out results' in capsys.readouterr().out


def test_a_drawn_video_is_as_long_as_its_source(infer, tmp_path):
    """Frames of different durations: two short ones, a long one, and a short one."""
    frames = [Image.new('RGB', (64, 64), (60 * index, 0, 0)) for index in range(4)]
    durations = [100, 100, 1000, 100]
    frames[0].save(tmp_path / 'a.gif', save_all=True, append_images=frames[1:], duration=durations)
    status, _, err = infer(tmp_path / 'a.gif')
    assert status == 0, err
    assert [line['time'] for line in lines(tmp_path)] == [0.0, 0.1, 0.2, 1.2]
    video = cv2.VideoCapture(str(tmp_path / 'out/a.mp4'))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    video.release()
    assert abs(seconds - 1.25) < 0.05  # how long the last one stays is not known
