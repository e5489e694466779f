"""Image files that would exhaust memory or time are refused before a decoder runs."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.inputs.images import read_image
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.image_files import (
    IMAGE_SUFFIXES,
    MAX_PIXELS,
    TRAINING_SUFFIXES,
    check_image_file,
    damage,
    read_file,
)

HUGE = 32_700  # x HUGE pixels would take 3 GB


def saved(format: str, image=None, **options) -> bytearray:
    """A small image file, to be changed."""
    file = io.BytesIO()
    (image or Image.new('RGB', (16, 16), 'red')).save(file, format, **options)
    return bytearray(file.getvalue())


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    crc = struct.pack('>I', zlib.crc32(name + content))
    return struct.pack('>I', len(content)) + name + content + crc


def jpeg(width: int, height: int, segment: bytes = b'') -> bytes:
    content = saved('JPEG')
    place = content.index(b'\xff\xc0') + 5
    content[place : place + 4] = struct.pack('>HH', height, width)
    return bytes(content[:2] + segment + content[2:])


def png(width: int, height: int, extra: bytes = b'') -> bytes:
    header = struct.pack('>IIBBBBB', width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(16 * 65))
    parts = chunk(b'IHDR', header) + extra + chunk(b'IDAT', rows) + chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + parts


def gif(canvas: tuple, frame: tuple) -> bytes:
    content = saved('GIF', Image.new('P', (8, 8)))
    content[6:10] = struct.pack('<HH', *canvas)
    place = content.index(b',', 13) + 5
    content[place : place + 4] = struct.pack('<HH', *frame)
    return bytes(content)


def tiff(content: bytes, **tags: int) -> bytes:
    """A TIFF with other values of numbered tags: t256=70000."""
    content = bytearray(content)
    (start,) = struct.unpack_from('<I', content, 4)
    for index in range(struct.unpack_from('<H', content, start)[0]):
        place = start + 2 + 12 * index
        name = f't{struct.unpack_from("<H", content, place)[0]}'
        if name in tags:
            struct.pack_into('<HII', content, place + 2, 4, 1, tags[name])
    return bytes(content)


def webp(side: int) -> bytes:
    frames = [Image.new('RGB', (16, 16), 'blue')]
    content = saved('WEBP', save_all=True, append_images=frames)
    place = content.index(b'VP8X') + 12
    content[place : place + 6] = (side - 1).to_bytes(3, 'little') * 2
    return bytes(content)


def jpeg2000(side: int) -> bytes:
    """A JPEG 2000 whose box says 16 x 16, and whose codestream says ``side``."""
    content = saved('JPEG2000')
    place = content.index(b'\xff\x4f\xff\x51') + 8
    content[place : place + 8] = struct.pack('>II', side, side)
    return bytes(content)


def deep_tiff() -> bytes:
    plain = cv2.IMWRITE_TIFF_COMPRESSION, 1
    return cv2.imencode('.tif', np.full((8, 8, 3), 60_000, np.uint16), plain)[1].tobytes()


def bmp() -> bytes:
    content = saved('BMP')
    content[18:26] = struct.pack('<ii', HUGE, HUGE)
    return bytes(content)


FILES = {
    'jpeg': lambda: jpeg(HUGE, HUGE),
    'rgba png': lambda: png(13_300, 13_300),
    'gif canvas': lambda: gif((65_535, 65_535), (8, 8)),
    'gif frame': lambda: gif((8, 8), (65_535, 65_535)),
    'tiff': lambda: tiff(saved('TIFF'), t256=60_000, t257=60_000),
    'deep tiff': lambda: tiff(deep_tiff(), t256=60_000, t257=60_000),
    'webp': lambda: webp(16_383),
    'jpeg 2000': lambda: jpeg2000(30_000),
    'bmp': bmp,
}


@pytest.mark.parametrize('kind', FILES)
def test_too_many_pixels(kind, tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_bytes(FILES[kind]())
    for read in (read_image, check_image_file):
        with pytest.raises(ConvcutError, match='than the 120 megapixels that') as error:
            read(str(path))
        assert f'{error.value}'.startswith(f'{path}: ') and '\n' not in f'{error.value}'


def test_what_pillow_gives_up_on_goes_to_no_decoder_without_a_limit():
    """OpenCV would make room for 32,700 x 32,700 pixels."""
    adobe = b'\xff\xee\x00\x07Adobe'
    with pytest.raises(ConvcutError, match='image: not an image'):
        read_image(jpeg(HUGE, HUGE, adobe))


def test_tag_that_comes_twice():
    """Decoders differ in which of two values they take."""
    content = bytearray(deep_tiff())
    assert read_image(bytes(content)).mean() == round(255 * 60_000 / 65_535)
    (start,) = struct.unpack_from('<I', content, 4)
    (entries,) = struct.unpack_from('<H', content, start)
    old = bytes(content[start + 2 : start + 2 + 12 * entries])
    large = struct.pack('<HHII', 256, 4, 1, 2**25)
    # a directory of its own at the end: the large width, then all that there was
    struct.pack_into('<I', content, 4, len(content))
    content += struct.pack('<H', entries + 1) + large + old + bytes(4)
    assert Image.open(io.BytesIO(content)).size == (8, 8)
    with pytest.raises(ConvcutError, match='megapixels'):
        read_image(bytes(content))


def test_the_limit_is_the_callers():
    content = bytes(saved('PNG'))
    assert read_image(content, max_pixels=256).shape == (16, 16, 3)
    with pytest.raises(ConvcutError, match='16 x 16 pixels, more than the 0.0002 megapixels'):
        read_image(content, max_pixels=200)
    with pytest.raises(ConvcutError, match='16 x 16 pixels'):
        read_image(Image.open(io.BytesIO(content)), max_pixels=200)
    assert MAX_PIXELS > 12_000 * 9_000  # of the cameras of phones


@pytest.mark.parametrize('name', [b'zTXt', b'iCCP'])
def test_compressed_texts(name):
    bomb = chunk(name, b'a\0\0' + zlib.compress(bytes(100 * 2**20)))
    with pytest.raises(ConvcutError, match='not a whole image file .*too large'):
        read_image(png(16, 16, bomb))


def test_jpegs_of_many_scans():
    """Each is a walk over the whole image."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = bytes(saved('JPEG', Image.fromarray(noise), progressive=True))
    assert read_image(content).shape == (64, 64, 3)
    scan = content[content.rindex(b'\xff\xda') : -2]
    with pytest.raises(ConvcutError, match='scans; a JPEG may have 100'):
        read_image(content[:-2] + 1000 * scan + content[-2:])


def test_formats_that_run_programs_or_hide_their_size():
    for content in (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', saved('ICO')):
        with pytest.raises(ConvcutError, match='not an image'):
            read_image(content)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no pipes')
def test_no_regular_files(tmp_path):
    os.mkfifo(tmp_path / 'a.jpg')
    (tmp_path / 'folder.jpg').mkdir()
    cases = {
        tmp_path / 'a.jpg': 'a pipe, socket or device; expected a file, so save it first',
        '/dev/zero': 'a pipe, socket or device',
        tmp_path / 'folder.jpg': 'a folder; expected a file',
        'a\0b.jpg': 'not the name of a file',
        'x' * 5000: 'cannot be read',
    }
    for path, problem in cases.items():
        with pytest.raises(ConvcutError, match=problem) as error:
            read_image(path)
        assert '\n' not in f'{error.value}'
    with pytest.raises(ConvcutError, match='a pipe'):
        check_image_file(str(tmp_path / 'a.jpg'))


def test_large_files_are_not_read(tmp_path):
    with open(tmp_path / 'a.jpg', 'wb') as file:
        file.truncate(10 * 2**30)  # a hole: it takes no place
    with pytest.raises(ConvcutError, match='a.jpg: larger than 512 MiB'):
        read_file(tmp_path / 'a.jpg')


def test_damage_in_a_few_words(tmp_path, broken_files):
    broken_files(tmp_path / 'broken')
    Image.new('RGB', (8, 8)).save(tmp_path / 'whole.png')
    assert damage(tmp_path / 'whole.png') is None
    assert damage(tmp_path / 'broken' / 'empty.png') == 'empty file'
    assert damage(tmp_path / 'broken' / 'text.jpg') == 'not an image'
    assert 'truncated' in damage(tmp_path / 'broken' / 'truncated.jpg')
    os.mkfifo(tmp_path / 'pipe.png')
    for name, problem in (('missing.png', 'no such file'), ('pipe.png', 'a pipe, socket')):
        found = damage(tmp_path / name)
        assert found.startswith(problem) and '\n' not in found
    assert set(TRAINING_SUFFIXES) < IMAGE_SUFFIXES
