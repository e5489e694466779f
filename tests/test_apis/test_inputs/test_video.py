"""Videos: frames and times, ends that come too early, files that are none."""

import os
import re
import struct

import numpy as np
import pytest

from convcut_mm.apis.inputs.video import Video, _Times
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


def frames_of(content: bytes) -> list[int]:
    """Where the blocks of a Matroska file with JPEGs begin: track, time in two bytes, flags."""
    return [match.start() - 4 for match in re.finditer(b'\xff\xd8\xff', content)]


def test_a_rate_that_changes(tmp_path, write_video):
    """The last six frames take three times as long: such files only know the length."""
    path = write_video(tmp_path / 'a.mkv', frames(12))
    content = bytearray(path.read_bytes())
    times = [100 * index for index in range(6)] + [800 + 300 * index for index in range(6)]
    for place, time in zip(frames_of(content), times):
        content[place + 1 : place + 3] = struct.pack('>h', time)
    length = content.index(b'\x44\x89\x88') + 3
    content[length : length + 8] = struct.pack('>d', 2600)
    path.write_bytes(content)
    video = Video(path)
    assert video.frames > 20  # the length times the rate
    assert np.allclose([frame.time for frame in video], np.array(times) / 1000)
    assert video.problem is None


@pytest.mark.parametrize('first', [0, 4])
def test_a_part_that_is_missing(tmp_path, write_video, first):
    noise = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), np.uint8)
    path = write_video(tmp_path / 'a.mkv', noise)
    content = bytearray(path.read_bytes())
    places = frames_of(content)
    for start, end in zip(places[first:14], places[first + 1 : 15]):
        content[start + 4 : end - 8] = bytes(end - 8 - start - 4)
    path.write_bytes(content)
    video = Video(path)
    read = list(video)
    behind = read[first].time
    where = f'from 0.3 to {behind:.1f} s' if first else f'before {behind:.1f} s'
    assert video.problem == f'incomplete: {len(read)} of 40 frames can be read, none {where}'
    assert 1.3 < behind < 1.8 and read[-1].time == pytest.approx(3.9)


@pytest.mark.parametrize('stamps', [[0, 5, 5, 2, 7], [0, 1e12, float('nan'), -3, 1], [-9, -8, -7]])
def test_times_grow_whatever_a_file_says(stamps):
    times = _Times(10, 50, False)
    given = [times.next(stamp) for stamp in stamps]
    assert all(0.01 < step <= 5.2 for step in np.diff(given)) and 0 <= given[0] <= given[-1] < 6


def test_cameras_count_from_their_own_start():
    times = _Times(10, None, True)
    given = [times.next(stamp) for stamp in (4000.0, 4000.5, 4000.5)]
    assert given == pytest.approx([0, 0.5, 0.6])


def test_turned_by_its_tag(tmp_path, write_video):
    path = write_video(tmp_path / 'a.mp4', frames(3), codec='mp4v')
    content = bytearray(path.read_bytes())
    matrix = content.index(b'tkhd') + 44
    content[matrix : matrix + 20] = struct.pack('>5i', 0, 65536, 0, -65536, 0)
    path.write_bytes(content)
    assert next(iter(Video(path))).image.shape == (64, 48, 3)


def test_frames_that_are_too_large(tmp_path, write_video):
    path = write_video(tmp_path / 'a.avi', frames(3))
    with pytest.raises(ConvcutError, match='a.avi: 64 x 48 pixels, more than the 0.003 megapix'):
        Video(path, max_pixels=3000)


@pytest.mark.parametrize(
    'text', ['ffconcat version 1.0\nfile b.avi\n', '#EXTM3U\n#EXTINF:4,\nb.avi']
)
def test_lists_of_other_files_are_no_videos(tmp_path, write_video, text):
    write_video(tmp_path / 'b.avi', frames(3))
    (tmp_path / 'a.mp4').write_text(text)
    with pytest.raises(ConvcutError, match='a.mp4: not a video that can be read'):
        Video(tmp_path / 'a.mp4')


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no pipes')
def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / 'a.mp4')
    with pytest.raises(ConvcutError, match='a.mp4: a pipe, socket or device'):
        Video(tmp_path / 'a.mp4')
