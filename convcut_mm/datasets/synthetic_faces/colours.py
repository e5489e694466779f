"""Colours that several parts of a face share."""

import numpy as np

BLACK, WHITE = np.zeros(3), np.full(3, 255.0)


def mix(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Blends ``share`` of the second colour into the first."""
    return first + (second - first) * share


def muted(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """A random colour that is not garish."""
    return mix(rng.uniform(low, high, 3), np.full(3, rng.uniform(low, high)), 0.55)
