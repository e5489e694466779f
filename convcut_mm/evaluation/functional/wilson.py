"""Intervals of proportions of few images."""

import math
from statistics import NormalDist  # scipy.stats takes half a second to import

from .bootstrap import LEVEL


def wilson_interval(right: float, images: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval (1927) of the fraction of images that are right.

    Unlike a bootstrap it is wide where none or all of few images are right: 0 of 16 is 0 to 19 %.
    SciPy's ``binomtest(...).proportion_ci(method='wilson')`` takes whole numbers only; here the
    number may be the mean over several seeds of the same images. Such an interval tells what the
    number of images leaves open for trainings like these, and not how trainings vary.

    Args:
        right (float): Number of right images, from 0 to ``images``; with several seeds the mean.
        images (int): Number of images, the same for each seed.
        level (float): Confidence level. Defaults to 0.95.

    Returns:
        tuple[float, float]: In per cent; (nan, nan) without images.
    """
    if images == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / images
    centre = share + z**2 / (2 * images)
    half = z * math.sqrt(share * (1 - share) / images + (z / (2 * images)) ** 2)
    scale = 1 + z**2 / images
    # rounding must not move the ends of 0 and 1 outside
    low, high = max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
    return 100 * low, 100 * high
