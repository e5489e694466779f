"""The page's answers as HTML: the photo with its boxes, a card with bars for each face."""

import base64
import html
import io

import numpy as np
from PIL import Image

from .photo import FaceAnswer, PhotoAnswer

MOST_BARS = 12

WELCOME = (
    '<div class="cc-note cc-welcome"><strong>No photo yet</strong>'
    '<p>Upload one, take one with the camera, or click an example.</p></div>'
)


def note(message: str) -> str:
    """What could not be done, in a sentence."""
    return (
        f'<div class="cc-note cc-problem" role="alert"><strong>That did not work</strong>'
        f'<p>{html.escape(message)}</p></div>'
    )


def answer(photo: PhotoAnswer) -> str:
    """A photo with boxes, and a card for each face."""
    boxes = ''.join(_box(face, number) for number, face in _numbered(photo))
    cards = ''.join(
        _card(face, number) for number, face in _numbered(photo) if face.picture is not None
    )
    count = len(photo.faces)
    found = '1 face' if count == 1 else f'{count} faces'
    rest = count - cards.count('<section')
    more = f' (bars for the first {count - rest})' if rest else ''
    return (
        f'<div class="cc-photo"><img alt="The photo with {found} marked" '
        f'src="{_data_uri(photo.picture)}">{boxes}</div>'
        f'<p class="cc-count">{found} found{more}</p><div class="cc-cards">{cards}</div>'
    )


def _numbered(photo: PhotoAnswer) -> list:
    """Numbers for several faces, none for a single one."""
    if len(photo.faces) == 1:
        return [(None, photo.faces[0])]
    return list(enumerate(photo.faces, 1))


def _box(face: FaceAnswer, number: int) -> str:
    left, top, right, bottom = (100 * share for share in face.box)
    label = html.escape(face.expression if number is None else f'{number} {face.expression}')
    # near the upper edge the label would be cut off
    place = ' cc-inside' if top < 8 else ''
    return (
        f'<div class="cc-box{place}" style="left:{left:.2f}%;top:{top:.2f}%;'
        f'width:{right - left:.2f}%;height:{bottom - top:.2f}%"><span>{label}</span></div>'
    )


def _card(face: FaceAnswer, number: int) -> str:
    expression = html.escape(face.expression)
    pictures = _figure(face.picture, 'the face, cut out', 'cc-face')
    if face.heat is not None:
        found = 'no place' if face.heat_is_empty else 'bright'
        caption = f'Grad-CAM: {found} speaks for {face.expression}'
        pictures += _figure(face.heat, caption, 'cc-heat')
    badge = '' if number is None else f'<span class="cc-number">{number}</span>'
    score = _percent(face.probabilities[face.expression])
    return (
        f'<section class="cc-card"><div class="cc-pictures">{pictures}</div>'
        f'<div class="cc-answer"><h3>{badge}<span class="cc-expression">{expression}</span> '
        f'<small>{score}</small></h3><ul class="cc-bars">{_bars(face)}</ul></div></section>'
    )


def _figure(picture: np.ndarray, caption: str, kind: str) -> str:
    caption = html.escape(caption)
    return (
        f'<figure class="{kind}"><img alt="{caption}" src="{_data_uri(picture)}">'
        f'<figcaption>{caption}</figcaption></figure>'
    )


def _bars(face: FaceAnswer) -> str:
    ordered = sorted(face.probabilities.items(), key=lambda item: -item[1])[:MOST_BARS]
    return ''.join(
        f'<li><span class="cc-name">{html.escape(name)}</span>'
        f'<span class="cc-track"><span style="width:{100 * share:.1f}%"></span></span>'
        f'<span class="cc-value">{_percent(share)}</span></li>'
        for name, share in ordered
    )


def _percent(share: float) -> str:
    return '&lt; 1 %' if 0 < share < 0.005 else f'{100 * share:.0f} %'


def _data_uri(picture: np.ndarray) -> str:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, 'JPEG', quality=90)
    return f'data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}'
