"""Results drawn: boxes in the picture, and beside it a panel of bars for each face."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...utils.plotting import OKABE_ITO

SHORTEST, LONGEST = 320, 1600  # pixels of the drawn picture's longer side
BACKGROUND, TEXT, FAINT, TRACK = '#FFFFFF', '#1A1A1A', '#5F6B73', '#E4E8EA'
OTHER_BARS = '#A9B4BB'  # of the classes that are not the answer
BAR = 8  # widths of a letter's height
LINE = 1.5  # heights of a letter from line to line


def draw_result(image: np.ndarray, result: dict, classes: Sequence[str]) -> np.ndarray:
    """Draws what was found in an image.

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
    sidebar = _Sidebar(classes, letters)
    canvas_height = max(size[1], sidebar.panel_height)
    canvas = Image.new('RGB', (_even(size[0] + sidebar.width), _even(canvas_height)), BACKGROUND)
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    faces = in_order(result)
    for number, face in reversed(list(enumerate(faces))):  # the first on top
        _draw_box(draw, face, number if len(faces) > 1 else None, scale, letters, size)
    sidebar.draw(draw, result, size[0], canvas_height)
    return np.asarray(canvas)


def in_order(result: dict) -> list:
    """Faces as in the result; a video's by person, so that their panels stay in place."""
    return sorted(result['faces'], key=lambda face: face.get('track', 0))


def _even(number: int) -> int:
    return number + number % 2


@lru_cache(maxsize=16)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The letters of all pictures, matplotlib's DejaVu Sans."""
    import matplotlib

    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / 'fonts/ttf' / name), size)


def face_colour(face: dict, number: int) -> str:
    """Colour of a face's box; in a video a person keeps it."""
    place = face.get('track', number + 1) - 1
    return OKABE_ITO[place % (len(OKABE_ITO) - 1)]  # black is hard to see


def on_colour(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    light = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    # equal contrast by WCAG's formula
    return 'black' if np.dot(light, (0.2126, 0.7152, 0.0722)) > 0.179 else 'white'


def _name(face: dict, number: int) -> str:
    """What a face among several is called: its place, in a video its person."""
    return f'person {face["track"]}' if 'track' in face else f'face {number + 1}'


def percent(share: float) -> str:
    """A probability for people."""
    return f'{100 * share:.0f} %'


def _draw_box(draw, face: dict, number, scale: float, letters: int, size: tuple) -> None:
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
        short = _name(face, number).split()[1]
        text = f'{short}  {text}'
        if draw.textlength(text, kind) + 2 * pad > 1.6 * (x2 - x1):
            text = short  # the rest stands in the panel
    width, height = draw.textlength(text, kind) + 2 * pad, letters + 2 * pad
    left = max(0, min(x1, size[0] - width))
    top = y1 - height if y1 >= height else min(y2, size[1] - height)
    draw.rectangle([left, top, left + width, top + height], fill=colour, outline='black')
    middle = left + pad, top + height / 2
    draw.text(middle, text, on_colour(colour), kind, anchor='lm')


class _Sidebar:
    """The panels beside the picture."""

    def __init__(self, classes: Sequence[str], letters: int) -> None:
        self.classes, self.letters = classes, letters
        self.pad = letters
        self.names = max(font(letters, True).getlength(name) for name in classes)
        self.bar = BAR * letters
        self.number = font(letters, True).getlength('100 %')
        self.width = round(3 * self.pad + self.names + self.bar + self.number + self.pad / 2)
        self.line = round(LINE * letters)
        self.panel = self.line * (len(classes) + 1) + self.pad
        self.panel_height = self.panel + self.pad + self.line  # and a line about the others

    def draw(self, draw, result: dict, left: int, height: int) -> None:
        left, top = left + self.pad, self.pad
        faces = in_order(result)
        if not faces:
            text = 'no answer' if result.get('error') else 'no face found'
            draw.text((left, top), text, TEXT, font(self.letters, True))
            return
        room = height - self.pad
        panels = len(faces)
        while panels > 1 and panels * self.panel + (len(faces) - panels) * self.line > room:
            panels -= 1
        for number, face in enumerate(faces):
            number_or_none = number if len(faces) > 1 else None
            if number < panels:
                self._panel(draw, face, number_or_none, left, top)
                top += self.panel
                continue
            rest = len(faces) - number
            if top + 2 * self.line > height and rest > 1:
                text = f'and {rest} more faces'
                draw.text(
                    (left, top + self.line / 2), text, FAINT, font(self.letters), anchor='lm'
                )
                return
            answer = f'{face["expression"]} {percent(face["score"])}'
            self._title(draw, face, number, left, top + self.line / 2, answer)
            top += self.line

    def _panel(self, draw, face: dict, number, left: int, top: int) -> None:
        bold, plain = font(self.letters, True), font(self.letters)
        colour = face_colour(face, number or 0)
        middle = top + self.line / 2
        if number is None:
            draw.text((left, middle), 'face', TEXT, bold, anchor='lm')
        else:
            self._title(draw, face, number, left, middle)
        for name in self.classes:
            top += self.line
            middle = top + self.line / 2
            share = face['probabilities'][name]
            answer = name == face['expression']
            kind, ink = (bold, TEXT) if answer else (plain, FAINT)
            draw.text((left, middle), name, ink, kind, anchor='lm')
            start = left + self.names + self.pad / 2
            half = self.letters * 0.42
            draw.rectangle([start, middle - half, start + self.bar, middle + half], fill=TRACK)
            end = start + self.bar * share
            if end - start >= 1:
                fill = colour if answer else OTHER_BARS
                draw.rectangle([start, middle - half, end, middle + half], fill=fill)
            end = start + self.bar + self.pad / 2 + self.number
            draw.text((end, middle), percent(share), ink, kind, anchor='rm')

    def _title(self, draw, face: dict, number: int, left: int, middle: float, answer='') -> None:
        """A face among several: its colour, its name, and the answer if it has no bars."""
        mark = round(0.8 * self.letters)
        box = [left, middle - mark / 2, left + mark, middle + mark / 2]
        draw.rectangle(box, fill=face_colour(face, number), outline='black')
        left += mark + self.letters // 2
        name = _name(face, number)
        draw.text((left, middle), name, TEXT, font(self.letters, True), anchor='lm')
        if answer:
            left += font(self.letters, True).getlength(f'{name} ')
            draw.text((left, middle), answer, TEXT, font(self.letters), anchor='lm')
