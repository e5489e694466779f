"""GIF, WebP, PNG and pages of TIFF: frames, as of a video."""

import io

import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.inputs import animation
from convcut_mm.apis.inputs.animation import Animation
from convcut_mm.apis.inputs.images import read, read_image
from convcut_mm.errors import ConvcutError

GREYS = (40, 120, 200)


def saved(format: str, greys=GREYS, **options) -> bytes:
    first, *others = [Image.new('RGB', (24, 16), (grey,) * 3) for grey in greys]
    file = io.BytesIO()
    first.save(file, format, save_all=True, append_images=others, **options)
    return file.getvalue()


@pytest.mark.parametrize('format', ['GIF', 'WEBP', 'PNG'])
def test_frames_and_times(format):
    moving = read(saved(format, duration=[200, 300, 400]), 'a')
    assert isinstance(moving, Animation) and not moving.is_live and moving.rate == 5
    frames = list(moving)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert np.allclose([frame.time for frame in frames], [0, 0.2, 0.5])
    assert np.allclose([frame.image.mean() for frame in frames], GREYS, atol=4)
    assert frames[0].image.shape == (16, 24, 3) and moving.problem is None


def test_pages():
    frames = list(read(saved('TIFF'), 'a'))
    assert [frame.time for frame in frames] == [0, 1, 2]
    assert [frame.image[0, 0, 0] for frame in frames] == list(GREYS)


def test_a_thumbnail_is_no_page():
    small = Image.new('RGB', (4, 4))
    small.encoderinfo = {'tiffinfo': {254: 1}}
    file = io.BytesIO()
    Image.new('RGB', (24, 16), 'red').save(file, 'TIFF', save_all=True, append_images=[small])
    assert read(file.getvalue(), 'a').shape == (16, 24, 3)


def test_one_frame_is_an_image():
    for format in ('GIF', 'WEBP', 'PNG', 'TIFF'):
        assert read(saved(format, GREYS[:1]), 'a').shape == (16, 24, 3)
    # a phone's second picture, such as a map of depths
    assert read(saved('MPO'), 'a').shape == (16, 24, 3)


def test_browsers_speed_where_the_file_says_none():
    assert [frame.time for frame in read(saved('GIF', duration=0), 'a')] == [0, 0.1, 0.2]


def test_the_first_frame_as_an_image():
    assert abs(int(read_image(saved('GIF'))[0, 0, 0]) - GREYS[0]) <= 4


def test_damage_in_the_middle():
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    first, *others = map(Image.fromarray, noise)
    file = io.BytesIO()
    first.save(file, 'TIFF', save_all=True, append_images=others, compression='tiff_lzw')
    content = bytearray(file.getvalue())
    middle = len(content) // 2
    content[middle - 500 : middle + 500] = b'\xff' * 1000
    moving = read(bytes(content), 'a')
    frames = list(moving)
    assert len(frames) == 1 and moving.problem.startswith('stopped at frame 1 (')


def test_files_with_millions_of_frames(monkeypatch):
    monkeypatch.setattr(animation, 'MOST_FRAMES', 2)
    moving = read(saved('TIFF'), 'a')
    assert len(list(moving)) == 2
    assert moving.problem == 'more than 2 frames; the rest is left out'


def test_a_frame_that_is_larger_than_the_first():
    small, large = Image.new('L', (4, 4)), Image.new('L', (40, 40))
    file = io.BytesIO()
    small.save(file, 'TIFF', save_all=True, append_images=[large])
    moving = read(file.getvalue(), 'a', max_pixels=100)
    assert len(list(moving)) == 1 and '40 x 40 pixels, more than' in moving.problem


def test_classify_wants_single_faces(inferencer):
    with pytest.raises(ConvcutError, match='several frames'):
        inferencer.classify(saved('GIF'))


def test_answers_frame_by_frame(inferencer, tmp_path):
    (tmp_path / 'a.gif').write_bytes(saved('GIF', duration=200))
    results = inferencer(tmp_path / 'a.gif', show_dir=tmp_path / 'out')
    times = [(result['frame'], result['time']) for result in results]
    assert times == [(0, 0), (1, 0.2), (2, 0.4)]
    assert all(result['faces'][0]['track'] == 1 for result in results)
    assert {result['picture'] for result in results} == {'a.mp4'}
    assert list(inferencer.stream(tmp_path / 'a.gif', every=2))[1]['frame'] == 2
