"""The panels beside a drawn picture: for each face a bar for each class."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont

from ...utils.colours import OKABE_ITO

TEXT, FAINT, TRACK = '#1A1A1A', '#5F6B73', '#E4E8EA'
OTHER_BARS = '#A9B4BB'  # of the classes that are not the likeliest
BAR = 8  # widths of a letter's height
LINE = 1.5  # heights of a letter from line to line


class Sidebar:
    """The panels beside the picture, a bar for each class.

    Args:
        classes (Sequence[str]): Class names.
        letters (int): Height of the letters in pixels.
    """

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

    def draw(
        self, draw: ImageDraw.ImageDraw, result: dict[str, Any], left: int, height: int
    ) -> None:
        """Draw the panels of all faces for which there is room, and lines about the others."""
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
            expression = f'{face["expression"]} {percent(face["score"])}'
            self._title(draw, face, number, left, top + self.line / 2, expression)
            top += self.line

    def _panel(
        self,
        draw: ImageDraw.ImageDraw,
        face: dict[str, Any],
        number: int | None,
        left: int,
        top: int,
    ) -> None:
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
            probability = face['probabilities'][name]
            likeliest = name == face['expression']
            kind, ink = (bold, TEXT) if likeliest else (plain, FAINT)
            draw.text((left, middle), name, ink, kind, anchor='lm')
            start = left + self.names + self.pad / 2
            half = self.letters * 0.42
            draw.rectangle([start, middle - half, start + self.bar, middle + half], fill=TRACK)
            end = start + self.bar * probability
            if end - start >= 1:
                fill = colour if likeliest else OTHER_BARS
                draw.rectangle([start, middle - half, end, middle + half], fill=fill)
            end = start + self.bar + self.pad / 2 + self.number
            draw.text((end, middle), percent(probability), ink, kind, anchor='rm')

    def _title(
        self,
        draw: ImageDraw.ImageDraw,
        face: dict[str, Any],
        number: int,
        left: float,
        middle: float,
        expression: str = '',
    ) -> None:
        """A face among several: its colour, its name, and its expression if it has no bars."""
        mark = round(0.8 * self.letters)
        box = [left, middle - mark / 2, left + mark, middle + mark / 2]
        draw.rectangle(box, fill=face_colour(face, number), outline='black')
        left += mark + self.letters // 2
        name = face_name(face, number)
        draw.text((left, middle), name, TEXT, font(self.letters, True), anchor='lm')
        if expression:
            left += font(self.letters, True).getlength(f'{name} ')
            draw.text((left, middle), expression, TEXT, font(self.letters), anchor='lm')


def in_order(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Faces as in the result; a video's by person, so that their panels stay in place."""
    return sorted(result['faces'], key=lambda face: face.get('track', 0))


@lru_cache(maxsize=16)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The letters of all pictures, matplotlib's DejaVu Sans."""
    package = find_spec('matplotlib')  # its import takes longer than all drawing
    assert package is not None and package.origin is not None  # the package requires it
    folder = Path(package.origin).parent / 'mpl-data/fonts/ttf'
    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return ImageFont.truetype(str(folder / name), size)


def face_colour(face: dict[str, Any], number: int) -> str:
    """Colour of a face's box; in a video a person keeps it."""
    place = face.get('track', number + 1) - 1
    return OKABE_ITO[place % (len(OKABE_ITO) - 1)]  # black is hard to see


def face_name(face: dict[str, Any], number: int) -> str:
    """What a face among several is called: its place, in a video its person."""
    return f'person {face["track"]}' if 'track' in face else f'face {number + 1}'


def percent(probability: float) -> str:
    """A probability for people."""
    return f'{100 * probability:.0f} %'
