"""Drawn videos: as long as what was filmed, whole or absent; names of their own."""

import cv2
import numpy as np
import pytest

from convcut_mm.apis.inputs.sources import Source
from convcut_mm.apis.outputs.names import PictureNames
from convcut_mm.apis.outputs.video_file import VideoFile, count_frames

RATE = 10


def written(path, times) -> list:
    """Greys of the frames of a video of frames at those times, each a little lighter."""
    file = VideoFile(path, RATE)
    for index, time in enumerate(times):
        file.add(np.full((48, 64, 3), 20 + 10 * index, np.uint8), time)
    assert file.close()
    video, greys = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        greys.append(round((read[1].mean() - 20) / 10))
    video.release()
    return greys


STEADY = list(np.arange(8) / RATE)  # what the rate is taken from


@pytest.mark.parametrize(
    'times,shown',
    [
        (STEADY, list(range(8))),
        (np.add(STEADY, 3) + np.resize([0, 0.01, -0.01], 8), list(range(8))),  # rounded times
        ([*STEADY, 1.2, 1.3], [*range(7), 7, 7, 7, 7, 7, 8, 9]),  # slow for a while
        ([*STEADY, 0.72, 0.74, 0.8, 0.9], [*range(8), 10, 11]),  # too fast to be shown
        ([*STEADY, 0.0, 0.1], list(range(10))),  # a camera that was started anew
        ([None] * 3, [0, 1, 2]),
    ],
)
def test_a_drawn_video_lasts_as_long_as_its_source(tmp_path, times, shown):
    assert written(tmp_path / 'a.mp4', times) == shown


def test_frames_at_changing_intervals(tmp_path):
    """At ten frames a second, the average, half of the short ones would be lost."""
    assert written(tmp_path / 'a.mp4', [0, 0.04, 0.08, 0.48, 0.52]) == [0, 1, *[2] * 10, 3, 4]
    assert cv2.VideoCapture(str(tmp_path / 'a.mp4')).get(cv2.CAP_PROP_FPS) == 25


def test_a_wrong_time_fills_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr('convcut_mm.apis.outputs.video_file.MOST_REPEATS', 20)
    given = written(tmp_path / 'a.mp4', [*STEADY, 1e9, 1e9 + 0.1])
    assert given == [*range(7), *[7] * 21, 8, 9]


def test_a_video_without_frames_is_none(tmp_path):
    assert not VideoFile(tmp_path / 'a.mp4', RATE).close()
    assert list(tmp_path.iterdir()) == []


def test_frames_that_can_be_read(tmp_path):
    written(tmp_path / 'a.mp4', np.arange(12) / RATE)
    assert count_frames(tmp_path / 'a.mp4') == 12
    (tmp_path / 'b.mp4').write_bytes((tmp_path / 'a.mp4').read_bytes()[:-400])
    assert count_frames(tmp_path / 'b.mp4') == 0


def names(*paths: str) -> list:
    namer = PictureNames()
    return [namer.of(Source(path, path, path.endswith('.mp4'))) for path in paths]


def test_names_of_pictures():
    paths = ['x.png', 'x-2.png', 'b/x.jpg', 'a_timeline.png', 'a.mp4', 'X.bmp', 'x.mp4']
    given = names(*paths)
    assert given == ['x', 'x-2', 'x-3', 'a_timeline', 'a-2', 'X-4', 'x-5']
    # what comes later changes nothing, so that a run can go on
    assert names(*paths[:4]) == given[:4]
    assert names('https://a.org/b/c.jpg?size=3') == ['c']
    assert names('e\u0301.png', '\u00e9.png')[1] == '\u00e9-2'  # one name on a Mac
    assert names('../..\\..\\.png', 'a\0\n/.png') == ['.png', '.png-2']
