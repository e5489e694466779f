"""A random person, and the pose of that person's face under an expression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colours import mix, muted
from .expressions import MOVES, REST

SKINS = np.array(
    [
        (250, 222, 200),
        (238, 197, 165),
        (219, 170, 130),
        (184, 130, 92),
        (140, 92, 62),
        (98, 63, 44),
    ],
    float,
)
HAIRS = np.array(
    [
        (38, 29, 27),
        (62, 42, 32),
        (100, 66, 42),
        (150, 98, 55),
        (214, 176, 112),
        (158, 72, 40),
        (150, 148, 148),
        (215, 213, 208),
    ],
    float,
)
IRISES = np.array([(70, 46, 30), (92, 62, 36), (84, 108, 78), (86, 120, 152)], float)


@dataclass(frozen=True)
class Person:
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
    def sample(cls, rng: np.random.Generator) -> Person:
        tone = rng.uniform(0, len(SKINS) - 1)
        skin = mix(SKINS[int(tone)], SKINS[min(int(tone) + 1, len(SKINS) - 1)], tone % 1)
        skin = skin * rng.uniform(0.975, 1.02, 3)
        styles = ('short', 'short', 'parted', 'long', 'long', 'curls', 'bun', 'bald')
        style = styles[rng.integers(len(styles))]
        bearded = rng.random() < 0.22 and style not in ('long', 'bun')
        return cls(
            skin=skin,
            # Dark skin mostly comes with dark hair.
            hair=HAIRS[rng.integers(3 if tone > 3 else len(HAIRS))] * rng.uniform(0.88, 1.1),
            iris=IRISES[rng.integers(2 if tone > 2.5 else len(IRISES))],
            shirt=muted(rng, 40, 225),
            lips=mix(skin * (0.84, 0.62, 0.62), np.array((176, 52, 66.0)), rng.uniform(0, 0.45)),
            hair_style=style,
            width=rng.uniform(0.66, 0.77),
            jaw=rng.uniform(0.62, 0.95),
            chin=rng.uniform(0.86, 0.96),
            eye_x=rng.uniform(0.29, 0.345),
            eye_y=rng.uniform(-0.12, -0.06),
            eye_size=rng.uniform(0.155, 0.185),
            brow_y=rng.uniform(0.215, 0.25),
            brow_thick=rng.uniform(0.04, 0.075),
            nose_y=rng.uniform(0.2, 0.26),
            nose_width=rng.uniform(0.095, 0.14),
            mouth_y=rng.uniform(0.47, 0.53),
            lip_size=rng.uniform(0.8, 1.3),
            hairline=rng.uniform(-0.7, -0.56),
            parting=rng.uniform(-0.35, 0.35),
            lines=rng.uniform(0.6, 1.0),
            beard=('full', 'goatee', 'moustache')[rng.integers(3)] if bearded else '',
            glasses=rng.random() < 0.15,
            gaze=float(np.clip(rng.normal(0, 0.012), -0.03, 0.03)),
        )


def sample_pose(expression: str, rng: np.random.Generator) -> dict[str, float]:
    """The face's shape under an expression of random intensity, with a person's own habits."""
    variants = MOVES[expression]
    moves = variants[rng.integers(len(variants))]
    intensity = rng.uniform(0.5, 1.05)
    pose = {
        name: rest + moves.get(name, 0.0) * intensity * rng.uniform(0.82, 1.18)
        for name, rest in REST.items()
    }
    for name, spread in (
        ('brow_inner', 0.022),
        ('brow_mid', 0.018),
        ('brow_outer', 0.022),
        ('corners', 0.02),
        ('lid_upper', 0.008),
        ('mouth_width', 0.02),
    ):
        pose[name] += rng.uniform(-spread, spread)
    return pose
