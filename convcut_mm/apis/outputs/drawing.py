"""Results drawn: boxes in the picture, and beside it a panel of bars for each face."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .sidebar import Sidebar, face_colour, face_name, font, in_order, percent

SHORTEST, LONGEST = 320, 1600  # pixels of the drawn picture's longer side
BACKGROUND = '#FFFFFF'


def draw_result(image: np.ndarray, result: dict[str, Any], classes: Sequence[str]) -> np.ndarray:
    """Draw what was found in an image.

    The size of the result depends on the size of the image and the classes only, so that a
    video's frames are alike.

    Args:
        image (ndarray): (H, W, 3) uint8, red, green, blue.
        result (dict): What ``ExpressionInferencer`` says about it.
        classes (Sequence[str]): Class names; the bars' order.

    Returns:
        ndarray: (H', W', 3) uint8; both sides are even, as video files want.
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = min(max(longer, SHORTEST), LONGEST) / longer
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    picture = Image.fromarray(image)
    if scale != 1:
        picture = picture.resize(size, how)
    letters = round(min(max(size[1] / 26, 14), 26))
    sidebar = Sidebar(classes, letters)
    canvas_height = max(size[1], sidebar.panel_height)
    canvas = Image.new('RGB', (_even(size[0] + sidebar.width), _even(canvas_height)), BACKGROUND)
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    faces = in_order(result)
    for number, face in reversed(list(enumerate(faces))):  # the first on top
        _draw_box(draw, face, number if len(faces) > 1 else None, scale, letters, size)
    sidebar.draw(draw, result, size[0], canvas_height)
    return np.asarray(canvas)


def _even(number: int) -> int:
    return number + number % 2


def on_colour(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    light = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    # equal contrast by WCAG's formula
    return 'black' if np.dot(light, (0.2126, 0.7152, 0.0722)) > 0.179 else 'white'


def _draw_box(
    draw: ImageDraw.ImageDraw,
    face: dict[str, Any],
    number: int | None,
    scale: float,
    letters: int,
    size: tuple[int, int],
) -> None:
    colour = face_colour(face, number or 0)
    thick = max(2, letters // 6)
    x1, y1, x2, y2 = (value * scale for value in face['box'])
    x1, x2 = max(x1, 0), min(x2, size[0] - 1)
    y1, y2 = max(y1, 0), min(y2, size[1] - 1)
    whole = x1 <= 1 and y1 <= 1 and x2 >= size[0] - 2 and y2 >= size[1] - 2
    if whole:  # the image is the face
        return
    # a dark line outside of the coloured one shows on every background
    draw.rectangle([x1 - 1, y1 - 1, x2 + 1, y2 + 1], outline='black', width=thick + 2)
    draw.rectangle([x1, y1, x2, y2], outline=colour, width=thick)
    text = f'{face["expression"]} {percent(face["score"])}'
    kind = font(letters, True)
    pad = letters // 4
    if number is not None:
        short = face_name(face, number).split()[1]
        text = f'{short}  {text}'
        if draw.textlength(text, kind) + 2 * pad > 1.6 * (x2 - x1):
            text = short  # the rest stands in the panel
    width, height = draw.textlength(text, kind) + 2 * pad, letters + 2 * pad
    left = max(0, min(x1, size[0] - width))
    top = y1 - height if y1 >= height else min(y2, size[1] - height)
    draw.rectangle([left, top, left + width, top + height], fill=colour, outline='black')
    middle = left + pad, top + height / 2
    draw.text(middle, text, on_colour(colour), kind, anchor='lm')
