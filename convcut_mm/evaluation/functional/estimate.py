"""A metric with its confidence interval and its spread over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ROUNDING = 1e-9  # means of equal numbers differ by less


@dataclass
class Estimate:
    """A metric in per cent.

    Attributes:
        value (float): The metric; with several seeds their mean.
        interval (tuple[float, float]): Ends of its 95 % interval.
        spread (float): Standard deviation (n - 1) over the seeds. Defaults to nan: one seed.
    """

    value: float
    interval: tuple[float, float]
    spread: float = float('nan')

    @classmethod
    def of_seeds(cls, values: Sequence[float], interval: tuple[float, float]) -> 'Estimate':
        """Summarise a metric's value for each seed, given the interval of their mean."""
        numbers = np.asarray(values, dtype=float)
        spread = float(numbers.std(ddof=1)) if len(numbers) > 1 else float('nan')
        return cls(float(numbers.mean()), interval, spread)

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval: a difference of that sign is shown."""
        low, high = self.interval
        return bool(low > _ROUNDING or high < -_ROUNDING)

    def as_dict(self) -> dict[str, object]:
        """Return value, interval and spread for JSON, with None for nan, which JSON lacks."""
        numbers = [self.value, *self.interval, self.spread]
        value, low, high, spread = (None if np.isnan(n) else float(n) for n in numbers)
        return dict(value=value, interval=[low, high], spread=spread)
