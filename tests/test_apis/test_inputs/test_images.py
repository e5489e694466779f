"""Images as users have them: every kind becomes upright RGB with 8 bits."""

import functools
import http.server
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.inputs.images import read_image
from convcut_mm.errors import ConvcutError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(image: np.ndarray) -> list:
    """Top left, top right, bottom left, bottom right."""
    return [tuple(image[y, x].tolist()) for y in (2, -3) for x in (2, -3)]


@pytest.fixture
def quarters() -> np.ndarray:
    """Red, green above blue, white: 20 wide, 12 high."""
    image = np.zeros((12, 20, 3), np.uint8)
    image[:6, :10], image[:6, 10:], image[6:, :10], image[6:, 10:] = RED, GREEN, BLUE, WHITE
    return image


@pytest.mark.parametrize(
    'orientation,shape,expected',
    [
        (1, (12, 20), [RED, GREEN, BLUE, WHITE]),
        (2, (12, 20), [GREEN, RED, WHITE, BLUE]),  # mirrored
        (3, (12, 20), [WHITE, BLUE, GREEN, RED]),  # upside down
        (6, (20, 12), [BLUE, RED, WHITE, GREEN]),  # camera turned: a quarter to the right
        (8, (20, 12), [GREEN, WHITE, RED, BLUE]),
    ],
)
def test_exif_turns_upright(tmp_path, quarters, orientation, shape, expected):
    image = Image.fromarray(quarters)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / 'a.png', exif=exif)
    read = read_image(tmp_path / 'a.png')
    assert read.shape == (*shape, 3) and read.dtype == np.uint8
    assert corners(read) == expected


def test_damaged_exif_spoils_no_pixel(tmp_path, quarters):
    Image.fromarray(quarters).save(tmp_path / 'a.png', exif=b'Exif\0\0MM\0*\0\0\0\x08\xff\xff')
    assert corners(read_image(tmp_path / 'a.png')) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize('mode,expected', [('L', 150), ('1', 255), ('CMYK', None), ('P', None)])
def test_modes(tmp_path, mode, expected):
    """Green in each; 150 is what it is as a grey."""
    image = Image.new('RGB', (8, 8), (0, 255, 0)).convert(mode)
    image.save(tmp_path / 'a.tif')
    pixel = read_image(tmp_path / 'a.tif')[4, 4].astype(int)
    wanted = np.array((0, 255, 0) if expected is None else (expected,) * 3)
    assert abs(pixel - wanted).max() <= 3


@pytest.mark.parametrize('suffix', ['png', 'webp', 'tif'])
def test_transparent_is_white(tmp_path, suffix):
    image = Image.new('RGBA', (8, 8), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 4, 8))  # black, but not to be seen
    image.save(tmp_path / f'a.{suffix}', **({'lossless': True} if suffix == 'webp' else {}))
    read = read_image(tmp_path / f'a.{suffix}')
    assert tuple(read[4, 1]) == WHITE and tuple(read[4, 6]) == RED


def test_half_transparent_and_palette(tmp_path):
    grey = Image.new('LA', (4, 4), (0, 128))
    grey.save(tmp_path / 'la.png')
    assert abs(int(read_image(tmp_path / 'la.png')[0, 0, 0]) - 127) <= 1
    palette = Image.new('P', (4, 4), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.putpixel((3, 3), 1)
    palette.save(tmp_path / 'p.gif', transparency=0)
    read = read_image(tmp_path / 'p.gif')
    assert tuple(read[0, 0]) == WHITE and tuple(read[3, 3]) == RED


def test_sixteen_bits(tmp_path):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, axis=0)
    Image.fromarray(ramp).save(tmp_path / 'grey.png')
    colour = np.stack([ramp, ramp[:, ::-1], np.zeros_like(ramp)], axis=2)
    cv2.imwrite(str(tmp_path / 'colour.tif'), colour[..., ::-1])
    cv2.imwrite(str(tmp_path / 'colour.png'), colour[..., ::-1])
    expected = np.arange(256)
    grey = read_image(tmp_path / 'grey.png').astype(int)
    assert abs(grey[2, :, 1] - expected).max() <= 1
    for name in ('colour.tif', 'colour.png'):
        read = read_image(tmp_path / name).astype(int)
        assert abs(read[2, :, 0] - expected).max() <= 1, name
        assert abs(read[2, :, 1] - expected[::-1]).max() <= 1 and not read[..., 2].any()


@pytest.mark.parametrize(
    'array,expected',
    [
        (np.full((4, 4), 7, np.uint8), (7, 7, 7)),
        (np.full((4, 4, 1), 7, np.int64), (7, 7, 7)),
        (np.full((4, 4, 3), (1, 2, 3), np.uint8), (1, 2, 3)),
        (np.full((4, 4, 3), (0.0, 0.5, 1.0)), (0, 128, 255)),
        (np.full((4, 4, 3), (0.0, 100.0, 255.0), np.float32), (0, 100, 255)),
        (np.full((4, 4), 257 * 90, np.uint16), (90, 90, 90)),
        (np.full((4, 4), True), (255, 255, 255)),
        (np.full((4, 4, 4), (10, 20, 30, 0), np.uint8), (255, 255, 255)),
        (np.full((4, 4, 4), (10, 20, 30, 255), np.uint8), (10, 20, 30)),
    ],
)
def test_arrays(array, expected):
    read = read_image(array)
    assert read.shape == (4, 4, 3) and read.dtype == np.uint8
    assert tuple(read[0, 0].tolist()) == expected


@pytest.mark.parametrize('shape', [(3, 8, 8), (0, 8, 3), (8,), (2, 8, 8, 3)])
def test_arrays_that_are_no_images(shape):
    with pytest.raises(ConvcutError, match='is no image; expected'):
        read_image(np.zeros(shape, np.uint8))


def test_pil_images_and_bytes(tmp_path, quarters):
    Image.fromarray(quarters).save(tmp_path / 'a.png')
    with Image.open(tmp_path / 'a.png') as image:
        assert (read_image(image) == quarters).all()
    assert (read_image((tmp_path / 'a.png').read_bytes()) == quarters).all()
    assert (read_image(str(tmp_path / 'a.png')) == quarters).all()


def test_broken_files(tmp_path, broken_files):
    broken = broken_files(tmp_path)
    broken['missing.jpg'] = 'no such file'
    for name, problem in broken.items():
        with pytest.raises(ConvcutError) as error:
            read_image(tmp_path / name)
        assert f'{tmp_path / name}: {problem}' in str(error.value)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize('kind', ['png', 'jpg', 'gif', 'bmp', 'webp', 'tif'])
def test_every_cut_is_an_error_and_no_crash(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    path = tmp_path / f'a.{kind}'
    Image.fromarray(noise).save(path)
    content = path.read_bytes()
    for share in (0.01, 0.3, 0.6, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(ConvcutError, match=f'a.{kind}: not '):
            read_image(path)


@pytest.fixture
def server(tmp_path):
    """A web server on this machine; gives its address."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *args: None
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


def test_urls(tmp_path, quarters, server):
    Image.fromarray(quarters).save(tmp_path / 'a.png')
    assert (read_image(f'{server}/a.png?size=large') == quarters).all()
    with pytest.raises(ConvcutError, match=r'/b\.png: cannot be downloaded \(.*not found'):
        read_image(f'{server}/b.png')
    (tmp_path / 'page.html').write_text('<html>')
    with pytest.raises(ConvcutError, match='page.html: not an image'):
        read_image(f'{server}/page.html')


def test_no_server():
    with pytest.raises(ConvcutError, match='cannot be downloaded'):
        read_image('http://127.0.0.1:9/a.png')
