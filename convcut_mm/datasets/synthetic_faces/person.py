"""A random person, and the pose of that person's face under an expression."""

import numpy as np

from .colours import mix, muted
from .expressions import MOVES, REST

SKINS = np.array(
    [(250, 222, 200), (238, 197, 165), (219, 170, 130), (184, 130, 92), (140, 92, 62),
     (98, 63, 44)],
    float,
)  # fmt: skip
HAIRS = np.array(
    [(38, 29, 27), (62, 42, 32), (100, 66, 42), (150, 98, 55), (214, 176, 112), (158, 72, 40),
     (150, 148, 148), (215, 213, 208)],
    float,
)  # fmt: skip
IRISES = np.array([(70, 46, 30), (92, 62, 36), (84, 108, 78), (86, 120, 152)], float)
STYLES = ('short', 'short', 'parted', 'long', 'long', 'curls', 'bun', 'bald')
HABITS = dict(
    brow_inner=0.022, brow_mid=0.018, brow_outer=0.022, corners=0.02, lid_upper=0.008,
    mouth_width=0.02,
)  # fmt: skip


class Person:
    """Features of a face that do not depend on its expression, sampled at random.

    Colours are float arrays (red, green, blue) up to 255, lengths are in face space.

    Args:
        rng: Source of the person. The order of the calls to it is part of ``GENERATOR_VERSION``.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        tone = rng.uniform(0, len(SKINS) - 1)
        skin = mix(SKINS[int(tone)], SKINS[min(int(tone) + 1, len(SKINS) - 1)], tone % 1)
        self.skin = skin * rng.uniform(0.975, 1.02, 3)
        self.hair_style = STYLES[rng.integers(len(STYLES))]
        bearded = rng.random() < 0.22 and self.hair_style not in ('long', 'bun')
        # Dark skin mostly comes with dark hair.
        self.hair = HAIRS[rng.integers(3 if tone > 3 else len(HAIRS))] * rng.uniform(0.88, 1.1)
        self.iris = IRISES[rng.integers(2 if tone > 2.5 else len(IRISES))]
        self.shirt = muted(rng, 40, 225)
        red = np.array((176, 52, 66.0))
        self.lips = mix(self.skin * (0.84, 0.62, 0.62), red, rng.uniform(0, 0.45))
        self.width = rng.uniform(0.66, 0.77)
        self.jaw = rng.uniform(0.62, 0.95)
        self.chin = rng.uniform(0.86, 0.96)
        self.eye_x = rng.uniform(0.29, 0.345)
        self.eye_y = rng.uniform(-0.12, -0.06)
        self.eye_size = rng.uniform(0.155, 0.185)
        self.brow_y = rng.uniform(0.215, 0.25)
        self.brow_thick = rng.uniform(0.04, 0.075)
        self.nose_y = rng.uniform(0.2, 0.26)
        self.nose_width = rng.uniform(0.095, 0.14)
        self.mouth_y = rng.uniform(0.47, 0.53)
        self.lip_size = rng.uniform(0.8, 1.3)
        self.hairline = rng.uniform(-0.7, -0.56)
        self.parting = rng.uniform(-0.35, 0.35)
        self.lines = rng.uniform(0.6, 1.0)
        self.beard = ('full', 'goatee', 'moustache')[rng.integers(3)] if bearded else ''
        self.glasses = rng.random() < 0.15
        self.gaze = float(np.clip(rng.normal(0, 0.012), -0.03, 0.03))


def sample_pose(expression: str, rng: np.random.Generator) -> dict[str, float]:
    """Sample the shape of a face under an expression of random intensity and habits."""
    variants = MOVES[expression]
    moves = variants[rng.integers(len(variants))]
    intensity = rng.uniform(0.5, 1.05)
    pose = {
        name: rest + moves.get(name, 0.0) * intensity * rng.uniform(0.82, 1.18)
        for name, rest in REST.items()
    }
    for name, spread in HABITS.items():
        pose[name] += rng.uniform(-spread, spread)
    return pose
