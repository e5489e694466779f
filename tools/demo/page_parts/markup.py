"""Render the page's results as HTML: the photo with its boxes, and a card with bars per face."""

import base64
import html
import io

import numpy as np
from PIL import Image

from .photo import FaceResult, PhotoResult

MOST_BARS = 12
TOP_EDGE, RIGHT_HALF = 8, 50  # percent of the photo: where a label moves, or it would leave it

WELCOME = (
    '<div class="cc-note cc-welcome"><strong>No photo yet</strong>'
    '<p>Upload one, take one with the camera, or click an example.</p></div>'
)


def note(message: str) -> str:
    """Render a sentence that says what could not be done."""
    return (
        f'<div class="cc-note cc-problem" role="alert"><strong>That did not work</strong>'
        f'<p>{html.escape(message)}</p></div>'
    )


def result(photo: PhotoResult) -> str:
    """Render a photo with a box and a card for each face."""
    boxes = ''.join(_box(face, number) for number, face in _numbered(photo))
    cards = [card for number, face in _numbered(photo) if (card := _card(face, number))]
    count = len(photo.faces)
    found = '1 face' if count == 1 else f'{count} faces'
    more = f' (bars for the first {len(cards)})' if len(cards) < count else ''
    return (
        f'<div class="cc-photo"><img alt="The photo with {found} marked" '
        f'src="{_data_uri(photo.picture)}">{boxes}</div>'
        f'<p class="cc-count">{found} found{more}</p><div class="cc-cards">{"".join(cards)}</div>'
    )


def _numbered(photo: PhotoResult) -> list[tuple[int | None, FaceResult]]:
    """Number the faces from 1, but not a single one."""
    if len(photo.faces) == 1:
        return [(None, photo.faces[0])]
    return list(enumerate(photo.faces, 1))


def _box(face: FaceResult, number: int | None) -> str:
    left, top, right, bottom = (100 * fraction for fraction in face.box)
    label = html.escape(face.expression if number is None else f'{number} {face.expression}')
    place = ' cc-inside' if top < TOP_EDGE else ''
    place += ' cc-leftward' if left > RIGHT_HALF else ''
    return (
        f'<div class="cc-box{place}" style="left:{left:.2f}%;top:{top:.2f}%;'
        f'width:{right - left:.2f}%;height:{bottom - top:.2f}%"><span>{label}</span></div>'
    )


def _card(face: FaceResult, number: int | None) -> str:
    if face.picture is None:  # one of the smaller faces of a crowd
        return ''
    expression = html.escape(face.expression)
    pictures = _figure(face.picture, 'the face', 'cc-face')
    if face.heat is not None:
        where = 'no area speaks' if face.heat_is_empty else 'bright areas speak'
        pictures += _figure(face.heat, f'Grad-CAM: {where} for {face.expression}', 'cc-heat')
    badge = '' if number is None else f'<span class="cc-number">{number}</span>'
    percent = _percent(face.probabilities[face.expression])
    return (
        f'<section class="cc-card"><div class="cc-pictures">{pictures}</div>'
        f'<div class="cc-text"><h3>{badge}<span class="cc-expression">{expression}</span> '
        f'<small>{percent}</small></h3><ul class="cc-bars">{_bars(face)}</ul></div></section>'
    )


def _figure(picture: np.ndarray, caption: str, kind: str) -> str:
    caption = html.escape(caption)
    return (
        f'<figure class="{kind}"><img alt="{caption}" src="{_data_uri(picture)}">'
        f'<figcaption>{caption}</figcaption></figure>'
    )


def _bars(face: FaceResult) -> str:
    ordered = sorted(face.probabilities.items(), key=lambda item: -item[1])[:MOST_BARS]
    return ''.join(
        f'<li><span class="cc-name">{html.escape(name)}</span>'
        f'<span class="cc-track"><span style="width:{100 * probability:.1f}%"></span></span>'
        f'<span class="cc-value">{_percent(probability)}</span></li>'
        for name, probability in ordered
    )


def _percent(probability: float) -> str:
    return '&lt; 1 %' if 0 < probability < 0.005 else f'{100 * probability:.0f} %'


def _data_uri(picture: np.ndarray) -> str:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, 'JPEG', quality=90)
    return f'data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}'
