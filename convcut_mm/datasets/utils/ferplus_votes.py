"""FER+ label rules: from ten votes per image to a target (Barsoum et al., arXiv 1608.01041).

Each rule takes votes (N, 10) in FER+'s order and returns weights (N, 10) over the same ten
answers; a row of zeros means that the rule drops the image.
"""

import numpy as np

ANSWERS = (
    'neutral',
    'happiness',
    'surprise',
    'sadness',
    'anger',
    'disgust',
    'fear',
    'contempt',
    'unknown',
    'NF',
)
NUM_EMOTIONS = 8  # the last two answers, unknown and NF (not a face), are not emotions


def without_single_votes(votes: np.ndarray) -> np.ndarray:
    """Zero the answers that got a single vote, which counts as a slip."""
    return np.where(votes > 1, votes, 0).astype(float)


def majority(votes: np.ndarray) -> np.ndarray:
    """Keep the top answer if it has more than half of the votes."""
    votes = without_single_votes(votes)
    top = one_hot(votes.argmax(1))
    return top * (votes.max(1, keepdims=True) > 0.5 * votes.sum(1, keepdims=True))


def argmax(votes: np.ndarray) -> np.ndarray:
    """Keep the top answer of the raw votes, the first of equals."""
    return one_hot(votes.argmax(1)) * votes.any(1, keepdims=True)


def distribution(votes: np.ndarray) -> np.ndarray:
    """Keep the top answers until they have three quarters of the votes, or are three."""
    rows = [_distribution_row(row) for row in without_single_votes(votes)]
    return np.array(rows).reshape(votes.shape)


def _distribution_row(votes: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(votes)
    total, count, emotions_only = votes.sum(), 0, True
    for level in sorted(set(votes[votes > 0]), reverse=True):
        if kept.sum() >= 0.75 * total or count >= 3 or not emotions_only:
            break
        for answer in np.flatnonzero(votes == level):  # add equals together
            if answer >= NUM_EMOTIONS:
                # unknown or NF ends the list; it counts only if it comes first
                emotions_only = False
                if not kept.any():
                    kept[answer] = level
                break
            kept[answer] = level
            count += 1
    if kept.sum() <= 0.5 * total or count > 3:
        return np.zeros_like(votes)
    return kept


def multi_target(votes: np.ndarray) -> np.ndarray:
    """Keep answers with at least 30 % of the votes each, if together they have over half."""
    votes = without_single_votes(votes)
    total = votes.sum(1, keepdims=True)
    kept = np.where(votes >= 0.3 * total, votes, 0)
    return kept * (kept.sum(1, keepdims=True) > 0.5 * total)


def one_hot(answers: np.ndarray) -> np.ndarray:
    """Turn answers (N,) into rows of zeros with a one, (N, 10)."""
    return np.eye(len(ANSWERS))[answers]


RULES = {
    'majority': majority,
    'probability': distribution,
    'crossentropy': distribution,
    'multi_target': multi_target,
    'argmax': argmax,
}
# rules whose target is a distribution; 'probability' samples a label from it at each read
SOFT_RULES = ('probability', 'crossentropy', 'multi_target')


def targets(votes: np.ndarray, rule: str, num_classes: int) -> np.ndarray:
    """Turn votes into class probabilities.

    Args:
        votes: (N, 10) vote counts.
        rule: A key of ``RULES``.
        num_classes: 8, or 7 to leave contempt out.

    Returns:
        (N, num_classes); rows sum to 1, or to 0 for dropped images: those that the rule drops, and
        those whose top answer is not one of the classes.
    """
    weights = RULES[rule](votes)
    kept = (weights.argmax(1) < num_classes) & weights.any(1)
    weights = weights[:, :num_classes] * kept[:, None]
    total = weights.sum(1, keepdims=True)
    return weights / np.where(total > 0, total, 1)
