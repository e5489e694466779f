"""Parts that move with an expression: skin folds, eyes, brows, nose and mouth."""

import numpy as np

from .canvas import COS, CURVE, SIN, Canvas
from .colours import BLACK, WHITE, mix
from .person import Person

TEETH, TONGUE = np.array((246, 242, 232.0)), np.array((188, 84, 88.0))
MOUTH = np.array((64, 18, 24.0))


def render_skin_folds(canvas: Canvas, person: Person, pose: dict[str, float]) -> None:
    """Render cheeks, and the lines that muscles fold into the skin."""
    dark = mix(person.skin, BLACK, 0.42)
    flush = mix(person.skin, np.array((220, 80, 70.0)), 0.45)
    lines, cheek, wrinkle = person.lines, max(pose['cheek'], 0), pose['nose_wrinkle']
    deep = max(cheek, wrinkle)

    def fold(x: np.ndarray, y: np.ndarray, width: float, alpha: float) -> None:
        canvas.stroke(x, y, width, dark, min(alpha, 1))

    for side in (-1, 1):
        canvas.glow(side * 0.41, 0.22 - 0.05 * cheek, 0.2, flush, 0.4)
        if deep > 0.1:
            end = pose['mouth_width'] + 0.07
            x = side * np.interp(CURVE, [-1, 0, 1], [person.nose_width + 0.03, end * 0.85, end])
            y = person.nose_y + np.interp(CURVE, [-1, 0, 1], [-0.05, 0.08, 0.22])
            fold(x, y, 0.028, 0.6 * lines * min(deep, 1))
            x = side * (person.eye_x + 0.13 * CURVE)
            y = person.eye_y + 0.115 - 0.025 * cheek - 0.03 * CURVE**2
            fold(x, y, 0.02, 0.55 * lines * min(deep, 1))
        if pose['frown'] > 0.1:
            x = side * (0.055 + 0.012 * CURVE**2)
            fold(x, -0.3 + 0.075 * CURVE, 0.026, 0.75 * lines * pose['frown'])
        if wrinkle > 0.1:
            x = side * np.linspace(0.025, 0.13, 9)
            for height in (-0.07, 0.0, 0.07):
                fold(x, height - 0.45 * np.abs(x) + 0.03, 0.026, 0.75 * lines * min(wrinkle, 1))
    if pose['forehead'] > 0.1:
        for height in (-0.5, -0.575):
            fold(0.3 * CURVE, height + 0.03 * CURVE**2, 0.02, 0.5 * lines * pose['forehead'])
    if pose['chin_boss'] > 0.1:
        y = person.mouth_y + 0.17 + 0.05 * CURVE**2
        fold(0.13 * CURVE, y, 0.026, 0.6 * lines * pose['chin_boss'])


def render_eye(canvas: Canvas, person: Person, pose: dict[str, float], side: int) -> None:
    """Render an eye and its brow; ``CURVE`` runs from the nose to the temple."""
    zoom = person.eye_size / 0.17
    x = side * (person.eye_x + person.eye_size * CURVE)
    slope = 0.012 * CURVE * np.sign(pose['lid_tilt']) - 0.008 * CURVE
    arch = (1 - CURVE**2) ** 0.75
    tilt = 1 - pose['lid_tilt'] * 0.62 * CURVE - 0.25 * abs(pose['lid_tilt'])
    upper = person.eye_y + slope - zoom * pose['lid_upper'] * arch * tilt.clip(0.1)
    lower = person.eye_y + slope + zoom * pose['lid_lower'] * arch
    lash = mix(person.skin, BLACK, 0.8)
    canvas.band(x, upper - 0.045, lower + 0.02, mix(person.skin, BLACK, 0.13), 0.7)
    canvas.band(x, upper, lower, mix(WHITE, person.skin, 0.08))
    middle = person.eye_x * side + person.gaze
    rim = mix(person.iris, BLACK, 0.35)
    for radius, colour in ((0.078, rim), (0.065, person.iris), (0.036, BLACK + 12)):
        disc_x = middle + radius * zoom * COS
        disc_y = person.eye_y - 0.012 + radius * zoom * SIN
        # The lids cover the parts of the iris outside of the eye.
        place = side * (disc_x - side * person.eye_x) / person.eye_size
        order = np.interp(place, CURVE, upper), np.interp(place, CURVE, lower)
        canvas.fill(disc_x, np.clip(disc_y, *order), colour)
    shine = np.clip(person.eye_y - 0.035, np.interp(0, CURVE, upper) + 0.015, None)
    canvas.ellipse(middle + 0.022, shine, 0.015, 0.015, WHITE, 0.9)
    canvas.stroke(x, upper, 0.034, lash, 1, (0.5, 0.8))
    canvas.stroke(x, lower, 0.014, lash, 0.55)

    inner, outer = 0.15 - pose['brow_squeeze'], person.eye_x + person.eye_size + 0.04
    t = (CURVE + 1) / 2
    lift = (
        pose['brow_inner'] * (1 - t) * (1 - 2 * t)
        + pose['brow_mid'] * 4 * t * (1 - t)
        + pose['brow_outer'] * t * (2 * t - 1)
    )
    brow = mix(mix(person.hair, BLACK, 0.3), person.skin, 0.12)
    x, y = side * (inner + (outer - inner) * t), person.eye_y - person.brow_y - lift
    canvas.stroke(x, y, person.brow_thick, brow, 0.95, (0.75, 0.15))


def render_nose(canvas: Canvas, person: Person, pose: dict[str, float]) -> None:
    """Render the nose: shade on the far side, wings and nostrils."""
    shade, nostril = mix(person.skin, BLACK, 0.3), mix(person.skin, BLACK, 0.68)
    width = person.nose_width * (1 + 0.12 * pose['nose_wrinkle'])
    base = person.nose_y - 0.035 * pose['nose_wrinkle']
    far = 1 if canvas.yaw > 0 else -1
    t = (CURVE + 1) / 2
    x = far * (0.06 + 0.3 * (width - 0.06) * t**3 - 0.025 * np.sin(np.pi * t))
    canvas.stroke(x, person.eye_y + (base - person.eye_y) * t, 0.03, shade, 0.6, (0.1, 0.6))
    canvas.glow(0, base - 0.05, 0.09, mix(person.skin, WHITE, 0.5), 0.35)
    wings = base + 0.045 - 0.085 * np.abs(CURVE) ** 3 + 0.01 * np.cos(9 * CURVE)
    canvas.stroke(width * CURVE, wings, 0.026, shade, 0.9, (0.4, 0.4))
    for side in (-1, 1):
        canvas.ellipse(side * width * 0.48, base + 0.028, 0.028, 0.016, nostril)


def render_mouth(canvas: Canvas, person: Person, pose: dict[str, float]) -> None:
    """Render lips, and in an open mouth the teeth and the tongue."""
    t, x = CURVE, pose['mouth_width'] * CURVE
    bulge = 1 - np.abs(t) ** 2
    middle = (
        person.mouth_y
        - pose['corners'] * (np.abs(t) ** 1.8 - 0.4)
        - pose['lip_lift'] * bulge
        - pose['sneer'] * np.exp(-(((t - 0.45) / 0.5) ** 2))
    )
    square = pose['squareness']
    gap = max(pose['open'], 0) * (1 - np.abs(t) ** square).clip(0) ** (1 / square)
    top, bottom = middle - gap * pose['open_above'], middle + gap * (1 - pose['open_above'])
    size = person.lip_size * pose['lip']
    bow = 0.052 * size * bulge**0.8 * (1 - 0.3 * np.exp(-((t / 0.16) ** 2)))
    low = 0.072 * size * bulge**0.7
    canvas.band(x * 1.02, top - bow, bottom, mix(person.lips, BLACK, 0.12))
    canvas.band(x, top, bottom + low, person.lips)
    canvas.stroke(0.45 * x, bottom + 0.5 * low, 0.02 * size, mix(person.lips, WHITE, 0.4), 0.45)
    if pose['open'] > 0.02:
        inside = x * 0.94
        canvas.band(inside, top, bottom, MOUTH)
        if pose['open'] > 0.1 and pose['lower_teeth'] < 0.03:
            canvas.band(inside * 0.8, bottom - 0.4 * gap * bulge, bottom, TONGUE, 0.9)
        edge = np.minimum(top + pose['upper_teeth'] * bulge**0.3, bottom)
        canvas.band(inside, top, edge, TEETH)
        edge = np.maximum(bottom - pose['lower_teeth'] * bulge**0.3, edge)
        canvas.band(inside, edge, bottom, mix(TEETH, BLACK, 0.06))
    else:
        canvas.stroke(x * 1.06, middle, 0.026, mix(person.lips, BLACK, 0.6), 0.9, (0.5, 0.5))
    if person.beard in ('full', 'moustache'):
        edge = person.nose_y + 0.09 + 0.09 * np.abs(t) ** 1.5
        rim = np.maximum(np.minimum(top - bow - 0.01, edge + 0.12), edge)
        span = (pose['mouth_width'] + 0.04) * t
        canvas.band(span, edge, rim, person.hair, 0.8)
