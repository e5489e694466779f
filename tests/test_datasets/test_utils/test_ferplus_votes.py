"""FER+'s label rules against a reference in plain Python and cases worked out by hand."""

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import convcut_mm  # noqa: F401
from convcut_mm.datasets.utils import ferplus_votes

RULES = ('majority', 'probability', 'crossentropy', 'multi_target', 'argmax')


def kept_weights(votes: list, rule: str) -> dict:
    """Apply a rule in plain Python: {answer: weight} of what is kept, {} for a dropped image."""
    if rule == 'argmax':
        return {votes.index(max(votes)): 1}
    votes = [0 if n == 1 else n for n in votes]
    total = sum(votes)
    if rule == 'majority':
        winners = [i for i, n in enumerate(votes) if 2 * n > total]
        return {winners[0]: 1} if winners else {}
    if rule == 'multi_target':
        kept = {i: n for i, n in enumerate(votes) if n and 10 * n >= 3 * total}
        return kept if 2 * sum(kept.values()) > total else {}
    # probability and crossentropy: from the most frequent answer down, the first of equals first
    ranking = sorted((i for i in range(10) if votes[i]), key=lambda i: (-votes[i], i))
    kept, covered, last = {}, 0, None
    for answer in ranking:
        n = votes[answer]
        if n != last and (4 * covered >= 3 * total or len(kept) >= 3):
            break
        if answer in (8, 9):
            if not kept:
                kept, covered = {answer: n}, n
            break
        kept[answer] = n
        covered, last = covered + n, n
    return kept if 2 * covered > total and len(kept) <= 3 else {}


def expected_target(votes: list, rule: str, num_classes: int) -> list:
    """Return probabilities of the classes; zeros if the top answer is not a class."""
    kept = kept_weights(votes, rule)
    if not kept or min(kept, key=lambda i: (-kept[i], i)) >= num_classes:
        return [0] * num_classes
    total = sum(n for i, n in kept.items() if i < num_classes)
    return [Fraction(kept.get(i, 0), total) for i in range(num_classes)]


def random_votes(count: int) -> list:
    """Sample ten votes over few or many answers, so that ties and dropped images are frequent."""
    rng = random.Random(0)
    images = []
    for _ in range(count):
        answers = rng.sample(range(10), rng.choice([1, 2, 3, 4, 10]))
        counts = Counter(rng.choice(answers) for _ in range(rng.choice([9, 10, 10])))
        images.append([counts[i] for i in range(10)])
    return images


@pytest.mark.parametrize('num_classes', [8, 7])
@pytest.mark.parametrize('rule', RULES)
def test_rule_against_reference(rule, num_classes):
    votes = random_votes(2000)
    targets = ferplus_votes.targets(np.array(votes), rule, num_classes)
    expected = np.array([expected_target(row, rule, num_classes) for row in votes], dtype=float)
    assert targets.shape == (2000, num_classes)
    np.testing.assert_allclose(targets, expected, atol=1e-12)
    kept = targets.any(1)
    assert 100 < kept.sum() < 2000
    np.testing.assert_allclose(targets[kept].sum(1), 1)


# votes in FER+'s order, then the expected probabilities by class index, {} for a dropped image
CASES = [
    ('majority', [6, 4, 0, 0, 0, 0, 0, 0, 0, 0], {0: 1}),
    ('majority', [5, 5, 0, 0, 0, 0, 0, 0, 0, 0], {}),
    ('majority', [5, 1, 1, 1, 1, 1, 0, 0, 0, 0], {0: 1}),  # the single votes are zeroed: 5 of 5
    ('majority', [4, 3, 1, 1, 1, 0, 0, 0, 0, 0], {0: 1}),  # 4 of 7
    ('majority', [5, 3, 2, 0, 0, 0, 0, 0, 0, 0], {}),  # exactly half
    ('majority', [0, 0, 0, 0, 0, 0, 0, 0, 7, 3], {}),  # unknown
    ('majority', [0, 0, 0, 0, 0, 0, 0, 0, 0, 10], {}),  # not a face
    ('majority', [1] * 10, {}),
    ('majority', [0, 0, 0, 0, 0, 0, 0, 8, 2, 0], {7: 1}),  # contempt is the eighth class
    ('crossentropy', [5, 3, 2, 0, 0, 0, 0, 0, 0, 0], {0: 5 / 8, 1: 3 / 8}),  # 8 of 10 suffice
    ('crossentropy', [8, 2, 0, 0, 0, 0, 0, 0, 0, 0], {0: 1}),
    ('crossentropy', [4, 2, 2, 2, 0, 0, 0, 0, 0, 0], {}),  # equals together make four answers
    ('crossentropy', [4, 3, 3, 0, 0, 0, 0, 0, 0, 0], {0: 0.4, 1: 0.3, 2: 0.3}),
    ('crossentropy', [2, 2, 2, 2, 2, 0, 0, 0, 0, 0], {}),
    ('crossentropy', [6, 0, 0, 0, 0, 0, 0, 0, 4, 0], {0: 1}),  # unknown ends the list
    ('crossentropy', [5, 0, 0, 0, 0, 0, 0, 0, 5, 0], {}),  # half is not more than half
    ('crossentropy', [4, 0, 0, 0, 0, 0, 0, 0, 6, 0], {}),  # unknown stands first
    ('probability', [5, 3, 2, 0, 0, 0, 0, 0, 0, 0], {0: 5 / 8, 1: 3 / 8}),
    ('multi_target', [5, 3, 2, 0, 0, 0, 0, 0, 0, 0], {0: 5 / 8, 1: 3 / 8}),
    ('multi_target', [3, 2, 2, 2, 1, 0, 0, 0, 0, 0], {}),  # only 3 of 9 reach 30 %
    ('multi_target', [4, 3, 3, 0, 0, 0, 0, 0, 0, 0], {0: 0.4, 1: 0.3, 2: 0.3}),
    ('multi_target', [6, 0, 0, 0, 0, 0, 0, 0, 4, 0], {0: 1}),
    ('argmax', [3, 4, 3, 0, 0, 0, 0, 0, 0, 0], {1: 1}),
    ('argmax', [5, 5, 0, 0, 0, 0, 0, 0, 0, 0], {0: 1}),
    ('argmax', [0, 0, 0, 0, 0, 0, 0, 0, 6, 4], {}),
    ('argmax', [0] * 10, {}),
]


@pytest.mark.parametrize('rule, votes, expected', CASES)
def test_rule_by_hand(rule, votes, expected):
    target = ferplus_votes.targets(np.array([votes]), rule, 8)[0]
    assert {i: p for i, p in enumerate(target.tolist()) if p} == pytest.approx(expected)


def test_seven_classes_by_hand():
    votes = np.array([[6, 0, 0, 0, 0, 0, 0, 4, 0, 0], [4, 0, 0, 0, 0, 0, 0, 6, 0, 0]])
    targets = ferplus_votes.targets(votes, 'crossentropy', 7)
    assert targets.tolist() == [[1, 0, 0, 0, 0, 0, 0], [0] * 7]
