"""Rendering of one face: a person, an expression, light and a camera."""

import functools
import math

import numpy as np
from PIL import Image, ImageFilter

from ...errors import ConvcutError
from .canvas import Canvas
from .colours import muted
from .expressions import EXPRESSIONS
from .features import render_eye, render_mouth, render_nose, render_skin_folds
from .head import outline, render_beard, render_behind, render_glasses, render_hair
from .person import Person, sample_pose

SUPERSAMPLING = 3


@functools.lru_cache(maxsize=8)
def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of columns (1, size, 1) and rows (size, 1, 1), from -1 to 1."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    return line[None, :, None], line[:, None, None]


def _photograph(image: Image.Image, rng: np.random.Generator, size: int) -> np.ndarray:
    """Shrink the image and add light from one side, a slight blur and sensor noise."""
    image = image.reduce(SUPERSAMPLING)
    blur = rng.uniform(-0.3, 0.75)
    if blur > 0:
        image = image.filter(ImageFilter.GaussianBlur(blur * size / 100))
    columns, rows = _grid(size)
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.24)
    slope = strength * (math.cos(angle) * columns + math.sin(angle) * rows)
    light = rng.uniform(0.86, 1.06) + slope - 0.07 * (columns**2 + rows**2)
    noise = rng.standard_normal((size, size, 3), dtype=np.float32) * rng.uniform(0.5, 3.5)
    return np.clip(np.asarray(image) * light + noise, 0, 255).astype(np.uint8)


def render_face(expression: str, rng: np.random.Generator, size: int = 100) -> np.ndarray:
    """Render the face of a random person who shows an expression.

    Args:
        expression: One of ``EXPRESSIONS``.
        rng: Source of person, pose, light and the intensity of the expression.
        size: Width and height of the picture in pixels, at least 32. Defaults to 100.

    Returns:
        An RGB picture of shape (size, size, 3) and type uint8.

    Raises:
        ConvcutError: The expression is unknown or the size is too small.
    """
    if expression not in EXPRESSIONS:
        raise ConvcutError(f'no expression {expression!r}; there are {", ".join(EXPRESSIONS)}')
    if size < 32:
        raise ConvcutError(f'size is {size}, but a face needs at least 32 pixels')
    side = size * SUPERSAMPLING
    wall = muted(rng, 70, 235) + rng.uniform(-35, 35, (2, 2, 1))
    image = Image.fromarray(np.clip(wall, 0, 255).astype(np.uint8))
    # Interpolating at the final size is enough for a gradient, and several times faster.
    image = image.resize((size, size), Image.Resampling.BILINEAR)
    image = image.resize((side, side), Image.Resampling.NEAREST)
    canvas, person = Canvas(image, rng), Person(rng)
    pose = sample_pose(expression, rng)
    drop = 0.35 * max(pose['open'], 0)
    chin = person.chin + drop
    render_behind(canvas, person, chin)
    canvas.fill(*outline(person, drop), person.skin)
    render_beard(canvas, person, chin)
    render_skin_folds(canvas, person, pose)
    for eye in (-1, 1):
        render_eye(canvas, person, pose, eye)
    render_nose(canvas, person, pose)
    render_mouth(canvas, person, pose)
    render_hair(canvas, person)
    if person.glasses:
        render_glasses(canvas, person)
    return _photograph(image, rng, size)
