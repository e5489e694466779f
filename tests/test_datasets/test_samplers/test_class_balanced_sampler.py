"""How often each class is sampled, and that samples depend on seed and epoch alone."""

import copy
import pickle

import numpy as np
import pytest

from convcut_mm.datasets import ClassBalancedSampler
from convcut_mm.datasets.samplers import Repeat, occurrence
from convcut_mm.errors import ConvcutError

COUNTS = (900, 90, 10)


class Labels:
    """The part of a data set that the sampler needs."""

    def __init__(self, counts=COUNTS) -> None:
        self.labels = np.repeat(np.arange(len(counts)), counts)

    def __len__(self) -> int:
        return len(self.labels)

    def get_gt_labels(self) -> np.ndarray:
        return self.labels


def fractions(sampler: ClassBalancedSampler, epochs: int = 20) -> np.ndarray:
    sampled = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        sampled += list(sampler)
    return np.bincount(sampler.dataset.labels[sampled]) / len(sampled)


@pytest.mark.parametrize(
    'power, expected',
    [
        (0, [1 / 3, 1 / 3, 1 / 3]),
        (0.5, np.sqrt(COUNTS) / np.sqrt(COUNTS).sum()),
        (1, np.array(COUNTS) / 1000),
    ],
)
def test_fractions_of_the_classes(power, expected):
    sampler = ClassBalancedSampler(Labels(), power=power, seed=0)
    # 20,000 samples: five standard deviations are below 0.018
    assert fractions(sampler) == pytest.approx(np.array(expected), abs=0.018)


def test_images_of_a_class_are_sampled_equally_often():
    sampler = ClassBalancedSampler(Labels((50, 5)), seed=0)
    sampled = []
    for epoch in range(200):
        sampler.set_epoch(epoch)
        sampled += list(sampler)
    counts = np.bincount(sampled, minlength=55)
    assert counts[:50] == pytest.approx(110, abs=60) and counts[50:] == pytest.approx(
        1100, abs=170
    )


def test_samples_follow_seed_and_epoch():
    def sample(seed, epoch):
        sampler = ClassBalancedSampler(Labels(), seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert sample(0, 0) == sample(0, 0) and len(sample(0, 0)) == 1000
    assert sample(0, 0) != sample(0, 1) and sample(0, 0) != sample(7, 0)
    assert sample(0, 1) != sample(1, 0)


def keys(sampled: list) -> list:
    return [(int(one), occurrence(one)) for one in sampled]


def test_copies_are_marked_and_counted_over_all_processes():
    whole = list(ClassBalancedSampler(Labels(), seed=3))
    counts = np.bincount(whole)
    assert counts[-10:].min() > 10  # a rare image comes often
    assert sorted(keys(whole)) == [
        (number, before) for number, count in enumerate(counts) for before in range(count)
    ]
    seen = {}
    for one in whole:  # the first copy comes first
        assert occurrence(one) == seen.get(int(one), 0)
        seen[int(one)] = occurrence(one) + 1
    parts = []
    for rank in range(4):
        sampler = ClassBalancedSampler(Labels(), seed=3)
        sampler.rank, sampler.world_size = rank, 4
        parts += keys(sampler)
    assert sorted(parts) == sorted(keys(whole))


def test_a_repeat_is_an_int_that_reaches_a_worker_unchanged():
    repeat = Repeat(7, 2)
    for one in (repeat, copy.deepcopy(repeat), pickle.loads(pickle.dumps(repeat))):
        assert one == 7 and isinstance(one, int) and [0] * 7 + [1] == [0] * one + [1]
        assert occurrence(one) == 2 and type(int(one)) is int
    assert occurrence(7) == occurrence(np.int64(7)) == 0


def test_processes_divide_an_epoch():
    whole = list(ClassBalancedSampler(Labels(), seed=3))
    parts = []
    for rank in range(4):
        sampler = ClassBalancedSampler(Labels(), seed=3)
        # what mmengine's DefaultSampler reads from the process group
        sampler.rank, sampler.world_size = rank, 4
        parts.append(list(sampler))
    assert [len(part) for part in parts] == [250] * 4
    assert [one for row in zip(*parts) for one in row] == whole


def test_what_is_refused():
    with pytest.raises(ConvcutError, match='power=2, expected 0'):
        ClassBalancedSampler(Labels(), power=2)
    with pytest.raises(ConvcutError, match='list has no get_gt_labels'):
        ClassBalancedSampler([1, 2, 3])
