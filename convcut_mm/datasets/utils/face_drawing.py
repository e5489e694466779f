"""One drawn face: an expression's muscle movements put on a random person.

Face space has its origin between eyes and mouth, x to the right and y down; the chin of a face at
rest is near y = 0.95 and the cheeks are near x = -0.72 and 0.72.
"""
from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

EXPRESSIONS = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')

SUPERSAMPLING = 3

# A face at rest. Lengths are in face space; 'up' means towards the forehead.
REST = {
    'brow_inner': 0.0, 'brow_mid': 0.04, 'brow_outer': 0.0, 'brow_squeeze': 0.0,
    'lid_upper': 0.078, 'lid_lower': 0.052, 'lid_tilt': 0.0, 'cheek': 0.0,
    'mouth_width': 0.25, 'corners': 0.0, 'open': 0.0, 'open_above': 0.3, 'squareness': 2.0,
    'lip': 1.0, 'lip_lift': 0.0, 'sneer': 0.0, 'upper_teeth': 0.0, 'lower_teeth': 0.0,
    'nose_wrinkle': 0.0, 'frown': 0.0, 'forehead': 0.0, 'chin_boss': 0.0,
}

# What each expression adds to REST at full intensity; one of its variants is picked per face.
MOVES = {
    'surprise': (
        dict(brow_inner=.13, brow_mid=.18, brow_outer=.12, lid_upper=.062, lid_lower=.035,
             mouth_width=-.095, open=.28, open_above=.05, forehead=1.),
        dict(brow_inner=.13, brow_mid=.18, brow_outer=.12, lid_upper=.062, lid_lower=.035,
             mouth_width=-.125, open=.18, open_above=.05, forehead=.8),
    ),
    'fear': (
        dict(brow_inner=.16, brow_mid=.06, brow_outer=-.01, brow_squeeze=.06, lid_upper=.062,
             lid_lower=.012, lid_tilt=.12, mouth_width=.06, corners=-.06, open=.125,
             open_above=.1, squareness=1.6, lip=-.4, lower_teeth=.04, frown=.5, forehead=.7),
        dict(brow_inner=.16, brow_mid=.06, brow_outer=-.01, brow_squeeze=.06, lid_upper=.062,
             lid_lower=.012, lid_tilt=.12, mouth_width=.08, corners=-.07, open=.08,
             open_above=.1, squareness=1.6, lip=-.4, upper_teeth=.025, lower_teeth=.025,
             frown=.5, forehead=.7),
    ),
    'disgust': (
        dict(brow_inner=-.07, brow_mid=-.06, brow_outer=-.03, brow_squeeze=.02, lid_upper=-.04,
             lid_lower=-.024, cheek=.45, mouth_width=-.04, corners=-.06, lip_lift=.05, sneer=.045,
             open=.07, open_above=.45, upper_teeth=.045, lip=.1, nose_wrinkle=1.,
             frown=.3, chin_boss=.3),
        dict(brow_inner=-.07, brow_mid=-.06, brow_outer=-.03, brow_squeeze=.02, lid_upper=-.045,
             lid_lower=-.028, cheek=.45, mouth_width=-.05, corners=-.08, lip_lift=.06, sneer=.05,
             lip=.25, nose_wrinkle=1., frown=.3, chin_boss=.6),
    ),
    'happiness': (
        dict(brow_mid=.02, lid_upper=-.014, lid_lower=-.026, cheek=1., mouth_width=.11,
             corners=.14, open=.15, open_above=-.25, lip=-.2, upper_teeth=.075),
        dict(brow_mid=.02, lid_upper=-.018, lid_lower=-.03, cheek=1., mouth_width=.10,
             corners=.14, lip=-.15),
        dict(brow_mid=.02, lid_upper=-.014, lid_lower=-.028, cheek=1., mouth_width=.12,
             corners=.14, open=.09, open_above=-.25, lip=-.2, upper_teeth=.1),
    ),
    'sadness': (
        dict(brow_inner=.12, brow_mid=.0, brow_outer=-.06, brow_squeeze=.04, lid_upper=-.014,
             lid_tilt=.75, mouth_width=-.03, corners=-.12, chin_boss=1., frown=.3, forehead=.3),
    ),
    'anger': (
        dict(brow_inner=-.115, brow_mid=-.055, brow_outer=.05, brow_squeeze=.06, lid_upper=-.004,
             lid_lower=-.008, lid_tilt=-.75, mouth_width=-.01, corners=-.035, lip=-.62, frown=1.,
             chin_boss=.4),
        dict(brow_inner=-.115, brow_mid=-.055, brow_outer=.05, brow_squeeze=.06, lid_upper=.004,
             lid_lower=-.006, lid_tilt=-.75, mouth_width=.0, corners=-.03, open=.13,
             open_above=.15, squareness=3.5, lip=-.3, upper_teeth=.062, lower_teeth=.062,
             frown=1.),
    ),
    'neutral': ({},),
}

SKINS = np.array([(250, 222, 200), (238, 197, 165), (219, 170, 130), (184, 130, 92),
                  (140, 92, 62), (98, 63, 44)], float)
HAIRS = np.array([(38, 29, 27), (62, 42, 32), (100, 66, 42), (150, 98, 55), (214, 176, 112),
                  (158, 72, 40), (150, 148, 148), (215, 213, 208)], float)
IRISES = np.array([(70, 46, 30), (92, 62, 36), (84, 108, 78), (86, 120, 152)], float)
BLACK, WHITE = np.zeros(3), np.full(3, 255.0)
TEETH, TONGUE = np.array((246, 242, 232.0)), np.array((188, 84, 88.0))
MOUTH = np.array((64, 18, 24.0))
CURVE = np.linspace(-1, 1, 23)
ROUND = np.linspace(0, 2 * np.pi, 36, endpoint=False)
COS, SIN = np.cos(ROUND), np.sin(ROUND)


def _mix(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Blends ``share`` of the second colour into the first."""
    return first + (second - first) * share


def _muted(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """A random colour that is not garish."""
    return _mix(rng.uniform(low, high, 3), np.full(3, rng.uniform(low, high)), 0.55)


class _Canvas:
    """Draws curves given in face space on an image, seen from a slightly turned head."""

    def __init__(self, image: Image.Image, rng: np.random.Generator) -> None:
        # 'RGBA' makes Pillow blend by alpha although the image itself has none.
        self._draw = ImageDraw.Draw(image, 'RGBA')
        self.unit = image.width * rng.uniform(0.43, 0.5)
        self.yaw = rng.uniform(-0.22, 0.22)
        self._pitch = rng.uniform(-0.04, 0.04)
        angle = np.deg2rad(np.clip(rng.normal(0, 5), -12, 12))
        self._cos, self._sin = self.unit * np.cos(angle), self.unit * np.sin(angle)
        self._origin = image.width * (np.array([0.5, 0.51]) + rng.uniform(-0.035, 0.035, 2))

    def _pixels(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # The nearer to the middle, the nearer to the viewer, the further a turn shifts a point.
        depth = np.maximum(1 - x * x, 0)
        x, y = x + self.yaw * depth, y + self._pitch * depth
        points = np.empty((len(x), 2))
        points[:, 0] = x * self._cos - y * self._sin
        points[:, 1] = x * self._sin + y * self._cos
        return points + self._origin

    def fill(self, x: np.ndarray, y: np.ndarray, colour: np.ndarray, alpha: float = 1.0) -> None:
        """Fills the outline."""
        self._polygon(self._pixels(x, y), colour, alpha)

    def band(self, x: np.ndarray, top: np.ndarray, bottom: np.ndarray, colour: np.ndarray,
             alpha: float = 1.0) -> None:
        """Fills what lies between two curves over the same x."""
        self.fill(np.append(x, x[::-1]), np.append(top, bottom[::-1]), colour, alpha)

    def stroke(self, x: np.ndarray, y: np.ndarray, width: float, colour: np.ndarray,
               alpha: float = 1.0, taper: tuple[float, float] = (0.25, 0.25)) -> None:
        """Draws a line that thins out to the shares ``taper`` of its width at its two ends."""
        points = self._pixels(x, y)
        along = np.empty_like(points)
        along[1:-1] = points[2:] - points[:-2]
        along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
        across = along[:, ::-1] * (-1, 1) / (np.hypot(*along.T)[:, None] + 1e-9)
        t = np.linspace(-1, 1, len(points))
        ends = np.where(t < 0, *taper)
        half = self.unit * width / 2 * (ends + (1 - ends) * (1 - t ** 4))
        offset = across * half[:, None]
        self._polygon(np.concatenate([points + offset, (points - offset)[::-1]]), colour, alpha)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: np.ndarray,
                alpha: float = 1.0) -> None:
        """Fills an upright ellipse."""
        self.fill(x + rx * COS, y + ry * SIN, colour, alpha)

    def glow(self, x: float, y: float, radius: float, colour: np.ndarray, alpha: float) -> None:
        """Fills a disc with a soft edge."""
        for share in (1.0, 0.8, 0.6, 0.4):
            self.ellipse(x, y, radius * share, radius * share * 0.8, colour, alpha / 4)

    def _polygon(self, points: np.ndarray, colour: np.ndarray, alpha: float) -> None:
        rgb = [min(max(int(value), 0), 255) for value in colour.tolist()]
        self._draw.polygon(points.ravel().tolist(), fill=(*rgb, int(255 * alpha)))


@dataclass(frozen=True)
class _Person:
    """What a face has whatever it expresses; drawn without a look at the expression."""

    skin: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    shirt: np.ndarray
    lips: np.ndarray
    hair_style: str
    width: float
    jaw: float
    chin: float
    eye_x: float
    eye_y: float
    eye_size: float
    brow_y: float
    brow_thick: float
    nose_y: float
    nose_width: float
    mouth_y: float
    lip_size: float
    hairline: float
    parting: float
    lines: float
    beard: str
    glasses: bool
    gaze: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> _Person:
        tone = rng.uniform(0, len(SKINS) - 1)
        skin = _mix(SKINS[int(tone)], SKINS[min(int(tone) + 1, len(SKINS) - 1)], tone % 1)
        skin = skin * rng.uniform(0.975, 1.02, 3)
        styles = ('short', 'short', 'parted', 'long', 'long', 'curls', 'bun', 'bald')
        style = styles[rng.integers(len(styles))]
        bearded = rng.random() < 0.22 and style not in ('long', 'bun')
        return cls(
            skin=skin,
            # Dark skin mostly comes with dark hair.
            hair=HAIRS[rng.integers(3 if tone > 3 else len(HAIRS))] * rng.uniform(0.88, 1.1),
            iris=IRISES[rng.integers(2 if tone > 2.5 else len(IRISES))],
            shirt=_muted(rng, 40, 225),
            lips=_mix(skin * (0.84, 0.62, 0.62), np.array((176, 52, 66.0)), rng.uniform(0, 0.45)),
            hair_style=style, width=rng.uniform(0.66, 0.77), jaw=rng.uniform(0.62, 0.95),
            chin=rng.uniform(0.86, 0.96), eye_x=rng.uniform(0.29, 0.345),
            eye_y=rng.uniform(-0.12, -0.06), eye_size=rng.uniform(0.155, 0.185),
            brow_y=rng.uniform(0.215, 0.25), brow_thick=rng.uniform(0.04, 0.075),
            nose_y=rng.uniform(0.2, 0.26), nose_width=rng.uniform(0.095, 0.14),
            mouth_y=rng.uniform(0.47, 0.53), lip_size=rng.uniform(0.8, 1.3),
            hairline=rng.uniform(-0.7, -0.56), parting=rng.uniform(-0.35, 0.35),
            lines=rng.uniform(0.6, 1.0),
            beard=('full', 'goatee', 'moustache')[rng.integers(3)] if bearded else '',
            glasses=rng.random() < 0.15, gaze=float(np.clip(rng.normal(0, 0.012), -0.03, 0.03)))


def _pose(expression: str, rng: np.random.Generator) -> dict[str, float]:
    """The face's shape under an expression of random intensity, with a person's own habits."""
    variants = MOVES[expression]
    moves = variants[rng.integers(len(variants))]
    intensity = rng.uniform(0.5, 1.05)
    pose = {name: rest + moves.get(name, 0.0) * intensity * rng.uniform(0.82, 1.18)
            for name, rest in REST.items()}
    for name, spread in (('brow_inner', .022), ('brow_mid', .018), ('brow_outer', .022),
                         ('corners', .02), ('lid_upper', .008), ('mouth_width', .02)):
        pose[name] += rng.uniform(-spread, spread)
    return pose


def _outline(person: _Person, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """The face from the right temple over the chin to the left and over the crown back."""
    bend = np.where(SIN > 0, person.jaw, 0.95)
    x = person.width * np.sign(COS) * np.abs(COS) ** bend
    return x, np.where(SIN > 0, (person.chin + drop) * SIN, 0.93 * SIN)


def _draw_behind(canvas: _Canvas, person: _Person, chin: float) -> None:
    """Hair behind the head, neck, shirt and ears."""
    hair, width = _mix(person.hair, BLACK, 0.18), person.width
    if person.hair_style == 'long':
        half = width * np.array([0.85, 0.97, 1.05, 1.11, 1.16, 1.18, 1.15, 0.9])
        height = np.array([-0.65, -0.45, -0.2, 0.0, 0.4, 0.8, 1.1, 1.3])
        canvas.fill(np.append(half, -half[::-1]), np.append(height, height[::-1]), hair)
    if person.hair_style == 'bun':
        canvas.ellipse(person.parting * 0.4, -1.02, 0.27, 0.24, hair)
    if person.hair_style == 'curls':
        for angle in np.linspace(np.pi * 0.95, np.pi * 2.05, 11):
            canvas.ellipse(0.98 * width * np.cos(angle), -0.28 + 0.72 * np.sin(angle), .26, .26,
                           person.hair)
    neck = np.array([-.42, -.4, -1.3, -1.5, 1.5, 1.3, .4, .42])
    height = np.array([.5, chin + .08, chin + .3, 1.8, 1.8, chin + .3, chin + .08, .5])
    canvas.fill(neck, height, person.shirt)
    collar = np.array([-.4, -.38, -.3, 0, .3, .38, .4])
    canvas.fill(collar, np.array([.5, chin + .08, chin + .16, chin + .26, chin + .16, chin + .08,
                                  .5]), _mix(person.skin, BLACK, 0.22))
    for side in (-1, 1):
        canvas.ellipse(side * width, 0.03, 0.1, 0.17, _mix(person.skin, BLACK, 0.08))
        canvas.ellipse(side * width * 1.02, 0.03, 0.05, 0.1, _mix(person.skin, BLACK, 0.2))


def _draw_beard(canvas: _Canvas, person: _Person, chin: float) -> None:
    """A beard below the mouth, under the lips that are drawn later."""
    if person.beard == 'full':
        t = np.sin(CURVE * np.pi / 2)
        low = (chin + 0.03) * (1 - np.abs(t) ** (2 / person.jaw)).clip(0) ** 0.5
        high = np.interp(np.abs(t), [0, 0.35, 0.6, 0.85, 0.93, 1],
                         person.nose_y + np.array([0.1, 0.12, 0.25, 0.18, 0.05, -0.25]))
        canvas.band(person.width * t, np.minimum(high, low), low, person.hair, 0.68)
    elif person.beard == 'goatee':
        canvas.ellipse(0, chin - 0.08, 0.2, 0.14, person.hair, 0.72)


def _draw_skin_folds(canvas: _Canvas, person: _Person, pose: dict[str, float]) -> None:
    """Cheeks, and the lines that moving muscles fold into the skin."""
    fold = _mix(person.skin, BLACK, 0.42)
    flush = _mix(person.skin, np.array((220, 80, 70.0)), 0.45)
    lines, cheek = person.lines, max(pose['cheek'], 0)
    for side in (-1, 1):
        canvas.glow(side * 0.41, 0.22 - 0.05 * cheek, 0.2, flush, 0.4)
        deep = max(cheek, pose['nose_wrinkle'])
        if deep > 0.1:
            end = pose['mouth_width'] + 0.07
            x = side * np.interp(CURVE, [-1, 0, 1], [person.nose_width + .03, end * .85, end])
            y = person.nose_y + np.interp(CURVE, [-1, 0, 1], [-.05, .08, .22])
            canvas.stroke(x, y, 0.028, fold, 0.6 * lines * min(deep, 1))
            x = side * (person.eye_x + 0.13 * CURVE)
            y = person.eye_y + 0.115 - 0.025 * cheek - 0.03 * CURVE ** 2
            canvas.stroke(x, y, 0.02, fold, 0.55 * lines * min(deep, 1))
        if pose['frown'] > 0.1:
            x = side * (0.055 + 0.012 * CURVE ** 2)
            canvas.stroke(x, -0.3 + 0.075 * CURVE, 0.026, fold,
                          min(0.75 * lines * pose['frown'], 1))
        if pose['nose_wrinkle'] > 0.1:
            for y in (-0.07, 0.0, 0.07):
                x = side * np.linspace(0.025, 0.13, 9)
                canvas.stroke(x, y - 0.45 * np.abs(x) + 0.03, 0.026, fold,
                              0.75 * lines * min(pose['nose_wrinkle'], 1))
    if pose['forehead'] > 0.1:
        for y in (-0.5, -0.575):
            canvas.stroke(0.3 * CURVE, y + 0.03 * CURVE ** 2, 0.02, fold,
                          min(0.5 * lines * pose['forehead'], 1))
    if pose['chin_boss'] > 0.1:
        x = 0.13 * CURVE
        canvas.stroke(x, person.mouth_y + 0.17 + 0.05 * CURVE ** 2, 0.026, fold,
                      min(0.6 * lines * pose['chin_boss'], 1))


def _draw_eye(canvas: _Canvas, person: _Person, pose: dict[str, float], side: int) -> None:
    """An eye and its brow; ``CURVE`` runs from the nose to the temple."""
    zoom = person.eye_size / 0.17
    x = side * (person.eye_x + person.eye_size * CURVE)
    slope = 0.012 * CURVE * np.sign(pose['lid_tilt']) - 0.008 * CURVE
    arch = (1 - CURVE ** 2) ** 0.75
    tilt = 1 - pose['lid_tilt'] * 0.62 * CURVE - 0.25 * abs(pose['lid_tilt'])
    upper = person.eye_y + slope - zoom * pose['lid_upper'] * arch * tilt.clip(0.1)
    lower = person.eye_y + slope + zoom * pose['lid_lower'] * arch
    lash = _mix(person.skin, BLACK, 0.8)
    canvas.band(x, upper - 0.045, lower + 0.02, _mix(person.skin, BLACK, 0.13), 0.7)
    canvas.band(x, upper, lower, _mix(WHITE, person.skin, 0.08))
    middle = person.eye_x * side + person.gaze
    for radius, colour in ((0.078, _mix(person.iris, BLACK, .35)), (0.065, person.iris),
                           (0.036, BLACK + 12)):
        disc_x = middle + radius * zoom * COS
        disc_y = person.eye_y - 0.012 + radius * zoom * SIN
        # The lids cover what of the iris would stick out of the eye.
        place = side * (disc_x - side * person.eye_x) / person.eye_size
        order = np.interp(place, CURVE, upper), np.interp(place, CURVE, lower)
        canvas.fill(disc_x, np.clip(disc_y, *order), colour)
    shine = np.clip(person.eye_y - 0.035, np.interp(0, CURVE, upper) + 0.015, None)
    canvas.ellipse(middle + 0.022, shine, 0.015, 0.015, WHITE, 0.9)
    canvas.stroke(x, upper, 0.034, lash, 1, (0.5, 0.8))
    canvas.stroke(x, lower, 0.014, lash, 0.55)

    inner, outer = 0.15 - pose['brow_squeeze'], person.eye_x + person.eye_size + 0.04
    t = (CURVE + 1) / 2
    lift = (pose['brow_inner'] * (1 - t) * (1 - 2 * t) + pose['brow_mid'] * 4 * t * (1 - t)
            + pose['brow_outer'] * t * (2 * t - 1))
    brow = _mix(_mix(person.hair, BLACK, 0.3), person.skin, 0.12)
    canvas.stroke(side * (inner + (outer - inner) * t), person.eye_y - person.brow_y - lift,
                  person.brow_thick, brow, 0.95, (0.75, 0.15))


def _draw_nose(canvas: _Canvas, person: _Person, pose: dict[str, float]) -> None:
    """The nose: shade on the far side, wings and nostrils."""
    shade, width = _mix(person.skin, BLACK, 0.3), person.nose_width * (
        1 + 0.12 * pose['nose_wrinkle'])
    base = person.nose_y - 0.035 * pose['nose_wrinkle']
    far = 1 if canvas.yaw > 0 else -1
    t = (CURVE + 1) / 2
    canvas.stroke(far * (0.06 + 0.3 * (width - 0.06) * t ** 3 - 0.025 * np.sin(np.pi * t)),
                  person.eye_y + (base - person.eye_y) * t, 0.03, shade, 0.6, (0.1, 0.6))
    canvas.glow(0, base - 0.05, 0.09, _mix(person.skin, WHITE, 0.5), 0.35)
    wings = base + 0.045 - 0.085 * np.abs(CURVE) ** 3 + 0.01 * np.cos(9 * CURVE)
    canvas.stroke(width * CURVE, wings, 0.026, shade, 0.9, (0.4, 0.4))
    for side in (-1, 1):
        canvas.ellipse(side * width * 0.48, base + 0.028, 0.028, 0.016,
                       _mix(person.skin, BLACK, 0.68))


def _draw_mouth(canvas: _Canvas, person: _Person, pose: dict[str, float]) -> None:
    """Lips, and in an open mouth the teeth and the tongue."""
    t, x = CURVE, pose['mouth_width'] * CURVE
    bulge = 1 - np.abs(t) ** 2
    middle = (person.mouth_y - pose['corners'] * (np.abs(t) ** 1.8 - 0.4)
              - pose['lip_lift'] * bulge - pose['sneer'] * np.exp(-((t - 0.45) / 0.5) ** 2))
    gap = max(pose['open'], 0) * (1 - np.abs(t) ** pose['squareness']).clip(0) ** (
        1 / pose['squareness'])
    top, bottom = middle - gap * pose['open_above'], middle + gap * (1 - pose['open_above'])
    size = person.lip_size * pose['lip']
    bow = 0.052 * size * bulge ** 0.8 * (1 - 0.3 * np.exp(-(t / 0.16) ** 2))
    low = 0.072 * size * bulge ** 0.7
    canvas.band(x * 1.02, top - bow, bottom, _mix(person.lips, BLACK, 0.12))
    canvas.band(x, top, bottom + low, person.lips)
    canvas.stroke(0.45 * x, bottom + 0.5 * low, 0.02 * size, _mix(person.lips, WHITE, .4), 0.45)
    if pose['open'] > 0.02:
        inside = x * 0.94
        canvas.band(inside, top, bottom, MOUTH)
        if pose['open'] > 0.1 and pose['lower_teeth'] < 0.03:
            canvas.band(inside * 0.8, bottom - 0.4 * gap * bulge, bottom, TONGUE, 0.9)
        edge = np.minimum(top + pose['upper_teeth'] * bulge ** 0.3, bottom)
        canvas.band(inside, top, edge, TEETH)
        edge = np.maximum(bottom - pose['lower_teeth'] * bulge ** 0.3, edge)
        canvas.band(inside, edge, bottom, _mix(TEETH, BLACK, 0.06))
    else:
        canvas.stroke(x * 1.06, middle, 0.026, _mix(person.lips, BLACK, 0.6), 0.9, (0.5, 0.5))
    if person.beard in ('full', 'moustache'):
        edge = person.nose_y + 0.09 + 0.09 * np.abs(t) ** 1.5
        rim = np.maximum(np.minimum(top - bow - 0.01, edge + 0.12), edge)
        span = (pose['mouth_width'] + 0.04) * t
        canvas.band(span, edge, rim, person.hair, 0.8)


def _draw_hair(canvas: _Canvas, person: _Person) -> None:
    """Hair on the crown, above the hairline."""
    if person.hair_style == 'bald':
        return
    width, t = person.width, CURVE
    rise = {'curls': 0.14, 'short': 0.09, 'parted': 0.12, 'long': 0.1, 'bun': 0.05}
    outer = -0.18 - (0.76 + rise[person.hair_style]) * (1 - t ** 2) ** 0.5
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


def _draw_glasses(canvas: _Canvas, person: _Person) -> None:
    """Thin frames that leave eyes and brows to be seen."""
    frame, y = np.array((45, 40, 42)), person.eye_y + 0.015
    turn = np.append(ROUND, ROUND[:2])
    for side in (-1, 1):
        x = side * person.eye_x + 0.23 * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.7
        canvas.stroke(x, y + 0.175 * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.7, 0.026,
                      frame, 0.9, (1, 1))
        temple = np.linspace(person.eye_x + 0.23, person.width, 4)
        canvas.stroke(side * temple, np.full(4, y - 0.03), 0.028, frame, 0.9, (1, 1))
    canvas.stroke((person.eye_x - 0.23) * CURVE, y - 0.04 + 0.02 * CURVE ** 2, 0.026, frame, 0.9,
                  (1, 1))


@functools.lru_cache(maxsize=8)
def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels' columns and rows from -1 to 1."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    return line[None, :, None], line[:, None, None]


def _photograph(image: Image.Image, rng: np.random.Generator, size: int) -> np.ndarray:
    """Light from one side, a slight blur and a sensor's noise."""
    image = image.reduce(SUPERSAMPLING)
    blur = rng.uniform(-0.3, 0.75)
    if blur > 0:
        image = image.filter(ImageFilter.GaussianBlur(blur * size / 100))
    columns, rows = _grid(size)
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.24)
    slope = strength * (math.cos(angle) * columns + math.sin(angle) * rows)
    light = rng.uniform(0.86, 1.06) + slope - 0.07 * (columns ** 2 + rows ** 2)
    noise = rng.standard_normal((size, size, 3), dtype=np.float32) * rng.uniform(0.5, 3.5)
    return np.clip(np.asarray(image) * light + noise, 0, 255).astype(np.uint8)


def draw_face(expression: str, rng: np.random.Generator, size: int = 100) -> np.ndarray:
    """Draws the face of a random person who shows an expression.

    Args:
        expression: One of ``EXPRESSIONS``.
        rng: Where person, pose, light and the expression's intensity come from.
        size: Width and height of the picture in pixels, at least 32.

    Returns:
        An RGB picture of shape (size, size, 3) and type uint8.

    Raises:
        ValueError: If there is no such expression or the size is too small.
    """
    if expression not in EXPRESSIONS:
        raise ValueError(f'no expression {expression!r}; there are {", ".join(EXPRESSIONS)}')
    if size < 32:
        raise ValueError(f'size is {size}, but a face needs at least 32 pixels')
    side = size * SUPERSAMPLING
    wall = _muted(rng, 70, 235) + rng.uniform(-35, 35, (2, 2, 1))
    image = Image.fromarray(np.clip(wall, 0, 255).astype(np.uint8))
    # Interpolating at the final size is enough for a gradient, and several times faster.
    image = image.resize((size, size), Image.Resampling.BILINEAR)
    image = image.resize((side, side), Image.Resampling.NEAREST)
    canvas, person = _Canvas(image, rng), _Person.random(rng)
    pose = _pose(expression, rng)
    drop = 0.35 * max(pose['open'], 0)
    chin = person.chin + drop
    _draw_behind(canvas, person, chin)
    canvas.fill(*_outline(person, drop), person.skin)
    _draw_beard(canvas, person, chin)
    _draw_skin_folds(canvas, person, pose)
    for eye in (-1, 1):
        _draw_eye(canvas, person, pose, eye)
    _draw_nose(canvas, person, pose)
    _draw_mouth(canvas, person, pose)
    _draw_hair(canvas, person)
    if person.glasses:
        _draw_glasses(canvas, person)
    return _photograph(image, rng, size)
