"""How often a second panel of ten taggers would give FERPlus's labels again."""

from dataclasses import dataclass

import numpy as np

from ...datasets.utils import ferplus_votes

RESAMPLES = 2000  # panels for each distribution of votes
_Z = 1.959964  # two-sided 95 %


@dataclass(frozen=True)
class PanelBound:
    """Expected accuracy of the best possible predictor against a fresh panel's labels.

    For each image the votes given are taken as the distribution p of votes on it. A fresh panel is
    ten votes sampled from p; the rule turns them into a label or drops the image. The best
    predictor knows p and answers the most probable label, so it is right with
    ``max_c P(label = c | kept)``; the estimate is the mean over the images that the rule keeps.
    Ten votes scatter less around themselves than around what all taggers would say, so this is
    too high rather than too low: a bound for an accuracy, not an estimate of one.

    Attributes:
        images: Images that the rule keeps.
        per_cent: The estimate.
        interval: 95 %, of the mean over the images (normal approximation).
        dropped: Per cent of the fresh panels that drop the image.
        entropy: Mean entropy of the votes on an image, in bits; 0 where all agree.
    """

    images: int
    per_cent: float
    interval: tuple[float, float]
    dropped: float
    entropy: float


def panel_bound(
    votes: np.ndarray, rule: str = 'majority', num_classes: int = 8, seed: int = 0
) -> PanelBound:
    """Estimate the bound by simulation.

    Args:
        votes: (N, 10), in FER+'s order.
        rule: See :class:`FERPlus`; of a soft rule, the most probable class. Defaults to
            'majority'.
        num_classes: 8, or 7 without contempt. Defaults to 8.
        seed: Of the fresh panels. Defaults to 0.
    """
    kept = ferplus_votes.targets(votes, rule, num_classes).any(1)
    distinct, which = np.unique(votes[kept], axis=0, return_inverse=True)
    right = np.empty(len(distinct))
    dropped = np.empty(len(distinct))
    rng = np.random.default_rng(seed)
    for row, counts in enumerate(distinct):
        fresh = rng.multinomial(10, counts / counts.sum(), size=RESAMPLES)
        targets = ferplus_votes.targets(fresh, rule, num_classes)
        answers = targets.argmax(1)[targets.any(1)]
        labels = np.bincount(answers, minlength=num_classes) / RESAMPLES
        right[row] = labels.max() / labels.sum() if labels.any() else np.nan
        dropped[row] = 1 - labels.sum()
    p = votes[kept] / votes[kept].sum(1, keepdims=True)
    entropy = -(p * np.log2(np.where(p > 0, p, 1))).sum(1)
    values = 100 * right[which.reshape(-1)]
    values = values[np.isfinite(values)]  # no panel in thousands keeps the others
    half = _Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    mean = float(values.mean())
    return PanelBound(
        len(values),
        mean,
        (mean - half, min(100.0, mean + half)),
        float(100 * dropped[which.reshape(-1)].mean()),
        float(entropy.mean()),
    )
