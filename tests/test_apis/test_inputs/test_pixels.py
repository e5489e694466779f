"""Values of arrays, tensors and deep files: read as what they mean, or refused by name."""

import io
import struct
import sys
import warnings
import zlib

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from convcut_mm.apis.inputs.images import read_image
from convcut_mm.apis.inputs.pixels import from_tensor
from convcut_mm.errors import ConvcutError


@pytest.mark.parametrize(
    'array,problem',
    [
        (np.full((4, 4), np.nan), 'NaN or infinite values'),
        (np.where(np.eye(4) > 0, np.inf, 0.5), 'NaN or infinite values'),
        (np.linspace(-1, 1, 16).reshape(4, 4), r'from -1 to 1 .*undo that: \(array \+ 1\) / 2'),
        (np.linspace(-2.1, 2.6, 16).reshape(4, 4), r'undo that: array \* std \+ mean'),
        (np.full((4, 4), -5), 'values from -5 to -5'),
        (np.full((4, 4), 10**6), r'values up to 1e\+06, .*give max_value'),
        (np.ones((4, 4), complex), 'array of complex128 is no image'),
        (np.full((4, 4), None), 'array of object is no image'),
        (np.zeros((3, 8, 8)), r'channels come last here: array.transpose\(1, 2, 0\)'),
        (np.zeros((1, 1, 4, 4, 3)), 'array of shape'),
    ],
)
def test_values_that_are_no_image(array, problem):
    with pytest.raises(ConvcutError, match=f'^image: .*{problem}') as error:
        read_image(array)
    assert '\n' not in f'{error.value}'


def test_a_little_beyond_the_range_is_of_interpolation():
    unit = read_image(np.linspace(-0.02, 1.02, 16).reshape(4, 4))
    assert unit.min() == 0 and unit.max() == 255
    assert read_image(np.linspace(-3, 258, 16).reshape(4, 4)).max() == 255


@pytest.mark.parametrize('bits', [10, 12])
def test_ten_and_twelve_bits(bits, tmp_path):
    most = 2**bits - 1
    array = np.full((4, 4, 3), most, np.uint16)
    for suffix in ('png', 'tif'):
        cv2.imwrite(str(tmp_path / f'colour.{suffix}'), array)
        cv2.imwrite(str(tmp_path / f'grey.{suffix}'), array[..., 0])
    for source in (array, array / 1.0, *map(str, sorted(tmp_path.iterdir()))):
        assert (read_image(source, max_value=most) == 255).all(), source
        with pytest.warns(UserWarning, match=f'no value above {most} of 65535.*give max_value'):
            assert read_image(source).max() < 17


def test_no_warning_for_what_is_bright_or_has_eight_bits(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        read_image(np.full((4, 4), 20_000, np.uint16))
        read_image(np.full((4, 4), 9, np.uint16))  # of a dark photo
        read_image(np.full((4, 4), 0.01))
        read_image(np.zeros((4, 4), np.uint16))


def test_max_value_below_what_is_there():
    with pytest.raises(
        ConvcutError, match=r'values up to 4095, which is more than white \(1023\)'
    ):
        read_image(np.full((4, 4), 4095, np.uint16), max_value=1023)


def test_files_of_eight_bits_have_their_own_white():
    file = io.BytesIO()
    Image.new('RGB', (4, 4), (90, 90, 90)).save(file, 'PNG')
    assert read_image(file, max_value=1023).max() == 90


def test_deep_colours_keep_alpha_and_orientation():
    image = np.zeros((6, 10, 4), np.uint16)
    image[:3, :5] = 0, 0, 65535, 65535  # red, as OpenCV orders it; the rest cannot be seen
    content = cv2.imencode('.png', image)[1].tobytes()
    read = read_image(content)
    assert read[0, 0].tolist() == [255, 0, 0] and read[-1, -1].tolist() == [255, 255, 255]
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter to the right
    part = exif.tobytes().removeprefix(b'Exif\0\0')
    chunk = struct.pack('>I', len(part)) + b'eXIf' + part
    chunk += struct.pack('>I', zlib.crc32(b'eXIf' + part))
    turned = read_image(content[:33] + chunk + content[33:])
    assert turned.shape == (10, 6, 3) and turned[0, -1].tolist() == [255, 0, 0]


def test_tensors():
    picture = torch.arange(2 * 5 * 3, dtype=torch.uint8).reshape(2, 5, 3)
    for tensor in (picture, picture.permute(2, 0, 1)):
        assert (read_image(tensor) == picture.numpy()).all()
    assert from_tensor(torch.zeros(2, 3, 8, 9)).shape == (2, 8, 9, 3)
    assert from_tensor(torch.zeros(3, 8, 3)).shape == (8, 3, 3)  # channels come first
    halves = torch.full((3, 4, 5), 0.5, dtype=torch.bfloat16, requires_grad=True)
    assert (read_image(halves) == 128).all()


def test_pil_image_of_a_damaged_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / 'a.jpg')
    content = (tmp_path / 'a.jpg').read_bytes()
    with Image.open(io.BytesIO(content[: len(content) // 2])) as image:
        with pytest.raises(ConvcutError, match='image: not a whole image file'):
            read_image(image)


def test_heic(monkeypatch):
    plugin = pytest.importorskip('pillow_heif')
    file = io.BytesIO()
    heif = plugin.from_pillow(Image.new('RGB', (64, 48), 'red'))
    heif.save(file)
    assert abs(read_image(file)[20, 20].astype(int) - [254, 0, 0]).max() < 9
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    with pytest.raises(ConvcutError, match='needs the package pillow-heif'):
        read_image(file)
