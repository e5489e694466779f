"""Colours that several parts of a face use."""

import numpy as np

BLACK, WHITE = np.zeros(3), np.full(3, 255.0)


def mix(first: np.ndarray, second: np.ndarray, fraction: float) -> np.ndarray:
    """Blend a fraction of the second colour into the first."""
    return first + (second - first) * fraction


def muted(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Sample a colour that is not garish, each channel between about ``low`` and ``high``."""
    return mix(rng.uniform(low, high, 3), np.full(3, rng.uniform(low, high)), 0.55)
