"""Videos: frames and times, ends that come too early, files that are none."""

import numpy as np
import pytest

from convcut_mm.apis.video import Video
from convcut_mm.errors import ConvcutError


def frames(number: int) -> list:
    """Each is one grey, darker than the next."""
    return [np.full((48, 64, 3), 40 + 8 * index, np.uint8) for index in range(number)]


@pytest.mark.parametrize('name,codec', [('a.avi', 'MJPG'), ('a.mp4', 'mp4v')])
def test_frames_and_times(tmp_path, write_video, name, codec):
    video = Video(write_video(tmp_path / name, frames(20), 10, codec))
    assert (video.rate, video.frames) == (10, 20)
    read = list(video)
    assert [frame.index for frame in read] == list(range(20))
    assert np.allclose([frame.time for frame in read], np.arange(20) / 10, atol=1e-3)
    assert all(frame.image.shape == (48, 64, 3) for frame in read)
    greys = [frame.image.mean() for frame in read]
    assert np.allclose(greys, 40 + 8 * np.arange(20), atol=6)
    assert video.problem is None


def test_red_stays_red(tmp_path, write_video):
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 255
    frame = next(iter(Video(write_video(tmp_path / 'a.avi', [red] * 3))))
    assert frame.image[..., 0].mean() > 200 > 60 > frame.image[..., 2].mean()


def test_a_video_that_ends_early(tmp_path, write_video):
    noise = np.random.default_rng(0).integers(0, 256, (40, 96, 128, 3), np.uint8)
    path = write_video(tmp_path / 'a.avi', noise)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    video = Video(path)
    read = sum(1 for _ in video)
    assert 10 < read < 25
    assert video.problem == f'ends early: {read} of 40 frames can be read'


@pytest.mark.parametrize(
    'content,problem',
    [
        (None, 'no such file'),
        (b'', r'an empty file \(0 bytes\)'),
        (b'no video at all' * 50, 'not a video that can be read'),
    ],
)
def test_files_that_are_none(tmp_path, content, problem, capfd):
    path = tmp_path / 'a.mp4'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConvcutError, match=f'a.mp4: {problem}'):
        Video(path)
    assert capfd.readouterr().err == ''  # OpenCV and FFmpeg keep quiet


def test_no_such_webcam(capfd):
    with pytest.raises(ConvcutError, match='webcam:9: no such webcam'):
        Video(9, 'webcam:9')
