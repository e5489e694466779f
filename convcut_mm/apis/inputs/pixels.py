"""Pixels of any kind as upright RGB with 8 bits: arrays, tensors and PIL images."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from ...errors import ConvcutError

if TYPE_CHECKING:
    import torch

BAND = 2**21  # pixels that are converted at a time, so that no step doubles a large image
OVERSHOOT = 0.1  # of the range: interpolation leaves it a little
DARK = 1 / 8  # of the range of 16 bits: what 10 and 12 bits fill
CHANNELS = (1, 3, 4)
ORIENTATION = 0x0112  # EXIF's tag


def from_pil(image: Image.Image, max_value: float | None = None, name: str = '') -> np.ndarray:
    """A PIL image as upright RGB, (H, W, 3) uint8; see :func:`.images.read_image`."""
    load_quietly(image)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            if image.getexif().get(ORIENTATION, 1) != 1:  # else it would be copied
                image = ImageOps.exif_transpose(image)
        except Exception:  # a damaged tag spoils no pixel
            pass
    if image.mode.startswith(('I', 'F')):  # Pillow cuts 16 bits off at 255
        return from_array(np.asarray(image), max_value, name)
    width, height = image.size
    result = np.empty((height, width, 3), np.uint8)
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        result[top:bottom] = _over_white(image.crop((0, top, width, bottom)))
    return result


def load_quietly(image: Image.Image) -> None:
    """Decode a PIL image without Pillow's warnings: damage raises an error."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        image.load()


def _over_white(image: Image.Image) -> np.ndarray:
    if image.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La') or 'transparency' in image.info:
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image.convert('RGBA'))
    return np.asarray(image.convert('RGB'))


def is_tensor(item: Any) -> bool:
    """Whether something is one of PyTorch's tensors, which nothing is before torch is imported."""
    torch = sys.modules.get('torch')
    return torch is not None and isinstance(item, torch.Tensor)


def from_tensor(tensor: torch.Tensor) -> np.ndarray:
    """A tensor as an array, channels last.

    Args:
        tensor (Tensor): (3, H, W), torch's order, or (H, W, 3); also with 1 or 4 channels, and
            with a batch in front. Where both would do, channels come first.
    """
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < 4:  # NumPy has no bfloat16
        tensor = tensor.float()
    array = tensor.numpy()
    if array.ndim in (3, 4) and array.shape[-3] in CHANNELS:
        array = np.moveaxis(array, -3, -1)
    return array


def from_array(array: np.ndarray, max_value: float | None = None, name: str = '') -> np.ndarray:
    """An array as RGB, (H, W, 3) uint8.

    Args:
        array (ndarray): See :func:`convcut_mm.apis.inputs.images.read_image`.
        max_value (float, optional): The value of white. Defaults to what its type and its largest
            value say.
        name (str): What a warning calls it.

    Raises:
        ConvcutError: No image by its shape, its type or its values; the message does not name it.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in CHANNELS or not array.size:
        first = array.ndim == 3 and array.shape[0] in CHANNELS
        advice = '; channels come last here: array.transpose(1, 2, 0)' if first else ''
        raise ConvcutError(
            f'an array of shape {array.shape} is no image; expected (height, width) or '
            f'(height, width, 3), red first{advice}'
        )
    if array.dtype.kind not in 'buif':
        raise ConvcutError(f'an array of {array.dtype} is no image; expected numbers')
    if array.dtype == np.uint8 and max_value is None and array.shape[2] != 4:
        return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))
    white = _white(array, max_value, name)
    height, width = array.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        result[top : top + rows] = _band(array[top : top + rows], white)
    return result


def _band(array: np.ndarray, white: float) -> np.ndarray:
    if array.dtype != np.uint8 or white != 255:
        array = (array.astype(np.float32) * (255 / white)).clip(0, 255).round().astype(np.uint8)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.float32) / 255
        array = (array[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    return array


def _white(array: np.ndarray, max_value: float | None, name: str) -> float:
    """The value that stands for white."""
    kind = array.dtype.kind
    if kind == 'b':
        return 1
    least, most = float(array.min()), float(array.max())
    if not np.isfinite([least, most]).all():
        raise ConvcutError('an array with NaN or infinite values is no image')
    if max_value is not None:
        white = max_value
    elif array.dtype == np.uint8:
        return 255
    elif kind == 'f' and most <= 1 + OVERSHOOT:
        white = 1.0
    elif most <= 255 * (1 + OVERSHOOT if kind == 'f' else 1):
        white = 255
    else:
        white = 65535
    if least < -OVERSHOOT * max(most, 0):
        unit = -1 - OVERSHOOT <= least and most <= 1 + OVERSHOOT
        undo = '(array + 1) / 2' if unit else 'array * std + mean'
        raise ConvcutError(
            f'an array with values from {least:.3g} to {most:.3g} is no image; if it was prepared '
            f'for a network, undo that: {undo}'
        )
    if most > white * (1 + OVERSHOOT):
        raise ConvcutError(
            f'values up to {most:g}, which is more than white ({white:g}); give max_value'
        )
    # small whole numbers below 256 are those of a dark photo with 8 bits
    if max_value is None and 0 < most < DARK * white and (kind == 'f' or white == 65535):
        if white > 1:
            warnings.warn(
                f'{name or "array"}: no value above {most:g} of {white}, so it is read as nearly '
                'black; if white is less, give max_value (1023 for 10 bits, 4095 for 12)',
                stacklevel=2,
            )
    return white
