"""Parts around the expression: head, hair, beard and glasses."""

import numpy as np

from .canvas import COS, CURVE, ROUND, SIN, Canvas
from .colours import BLACK, mix
from .person import Person


def outline(person: Person, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the outline: from the right temple over chin, left temple and crown back."""
    bend = np.where(SIN > 0, person.jaw, 0.95)
    x = person.width * np.sign(COS) * np.abs(COS) ** bend
    return x, np.where(SIN > 0, (person.chin + drop) * SIN, 0.93 * SIN)


def render_behind(canvas: Canvas, person: Person, chin: float) -> None:
    """Render hair behind the head, neck, shirt and ears."""
    hair, width = mix(person.hair, BLACK, 0.18), person.width
    if person.hair_style == 'long':
        half = width * np.array([0.85, 0.97, 1.05, 1.11, 1.16, 1.18, 1.15, 0.9])
        height = np.array([-0.65, -0.45, -0.2, 0.0, 0.4, 0.8, 1.1, 1.3])
        canvas.fill(np.append(half, -half[::-1]), np.append(height, height[::-1]), hair)
    if person.hair_style == 'bun':
        canvas.ellipse(person.parting * 0.4, -1.02, 0.27, 0.24, hair)
    if person.hair_style == 'curls':
        for angle in np.linspace(np.pi * 0.95, np.pi * 2.05, 11):
            x, y = 0.98 * width * np.cos(angle), -0.28 + 0.72 * np.sin(angle)
            canvas.ellipse(x, y, 0.26, 0.26, person.hair)
    neck = np.array([-0.42, -0.4, -1.3, -1.5, 1.5, 1.3, 0.4, 0.42])
    height = np.array([0.5, chin + 0.08, chin + 0.3, 1.8, 1.8, chin + 0.3, chin + 0.08, 0.5])
    canvas.fill(neck, height, person.shirt)
    collar = np.array([-0.4, -0.38, -0.3, 0, 0.3, 0.38, 0.4])
    height = np.array([0.5, chin + 0.08, chin + 0.16, chin + 0.26, chin + 0.16, chin + 0.08, 0.5])
    canvas.fill(collar, height, mix(person.skin, BLACK, 0.22))
    for side in (-1, 1):
        canvas.ellipse(side * width, 0.03, 0.1, 0.17, mix(person.skin, BLACK, 0.08))
        canvas.ellipse(side * width * 1.02, 0.03, 0.05, 0.1, mix(person.skin, BLACK, 0.2))


def render_beard(canvas: Canvas, person: Person, chin: float) -> None:
    """Render a beard below the mouth, under the lips that come later."""
    if person.beard == 'full':
        t = np.sin(CURVE * np.pi / 2)
        low = (chin + 0.03) * (1 - np.abs(t) ** (2 / person.jaw)).clip(0) ** 0.5
        edge = person.nose_y + np.array([0.1, 0.12, 0.25, 0.18, 0.05, -0.25])
        high = np.interp(np.abs(t), [0, 0.35, 0.6, 0.85, 0.93, 1], edge)
        canvas.band(person.width * t, np.minimum(high, low), low, person.hair, 0.68)
    elif person.beard == 'goatee':
        canvas.ellipse(0, chin - 0.08, 0.2, 0.14, person.hair, 0.72)


def render_hair(canvas: Canvas, person: Person) -> None:
    """Render hair on the crown, above the hairline."""
    if person.hair_style == 'bald':
        return
    width, t = person.width, CURVE
    rise = {'curls': 0.14, 'short': 0.09, 'parted': 0.12, 'long': 0.1, 'bun': 0.05}
    outer = -0.18 - (0.76 + rise[person.hair_style]) * (1 - t**2) ** 0.5
    side_end = 0.05 if person.hair_style == 'long' else -0.18
    if person.hair_style in ('parted', 'long'):
        away = (t - person.parting) / (1 + np.sign(person.parting - t) * person.parting)
        inner = person.hairline + 0.45 * np.abs(away) ** 2.4 - 0.06
    else:
        inner = person.hairline + 0.42 * np.abs(t) ** 4 + 0.02 * np.cos(7 * t + person.parting)
    inner = np.minimum(inner, side_end)
    inner[[0, -1]] = side_end
    x = 1.06 * width * t
    canvas.band(x, outer, inner, person.hair)


def render_glasses(canvas: Canvas, person: Person) -> None:
    """Render thin frames that leave eyes and brows to be seen."""
    frame, y = np.array((45, 40, 42)), person.eye_y + 0.015
    turn = np.append(ROUND, ROUND[:2])

    def bar(x: np.ndarray, y: np.ndarray, width: float) -> None:
        canvas.stroke(x, y, width, frame, 0.9, (1, 1))

    for side in (-1, 1):
        x = side * person.eye_x + 0.23 * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.7
        bar(x, y + 0.175 * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.7, 0.026)
        temple = np.linspace(person.eye_x + 0.23, person.width, 4)
        bar(side * temple, np.full(4, y - 0.03), 0.028)
    bar((person.eye_x - 0.23) * CURVE, y - 0.04 + 0.02 * CURVE**2, 0.026)
