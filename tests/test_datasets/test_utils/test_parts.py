"""Chains of parts: they never overlap, leave nothing out and are stratified."""

from collections import Counter
from pathlib import Path

import pytest

from convcut_mm.datasets import RAFDB
from convcut_mm.errors import ConvcutError

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
CHAINS = ('fit/fit', 'fit/holdout', 'holdout/fit', 'holdout/holdout')


@pytest.fixture(scope='module')
def root(tmp_path_factory) -> str:
    """20 empty training images per class: damaged ones are nobody's copies."""
    root = tmp_path_factory.mktemp('faces')
    for name in CLASSES:
        folder = root / 'train' / name
        folder.mkdir(parents=True)
        for number in range(20):
            (folder / f'{name}{number}.jpg').touch()
    return str(root)


def images(dataset) -> list:
    return [dataset.get_data_info(number)['img_path'] for number in range(len(dataset))]


def part(root: str, name, **options) -> list:
    return images(RAFDB(root, part=name, **options))


def test_a_chain_covers_all_and_never_overlaps(root):
    options = dict(holdout=(0.5, 0.2), holdout_seed=1)
    parts = [part(root, name, **options) for name in CHAINS]
    assert [len(each) for each in parts] == [56, 14, 56, 14]
    assert sorted(sum(parts, [])) == sorted(part(root, None))
    for each in parts:
        assert len(set(Counter(Path(path).parent.name for path in each).values())) == 1
    # the first step of a chain is the part of that name
    for first in ('fit', 'holdout'):
        alone = part(root, first, holdout=0.5, holdout_seed=1)
        inner = [name for name in CHAINS if name.startswith(first + '/')]
        assert sorted(sum((part(root, name, **options) for name in inner), [])) == sorted(alone)


def test_one_number_is_for_each_step(root):
    for name in CHAINS:
        both = part(root, name, holdout=(0.5, 0.5), holdout_seed=(3, 3))
        assert part(root, name, holdout=0.5, holdout_seed=3) == both
    assert part(root, 'fit/fit', holdout=0.5, holdout_seed=[3, 4]) != both


def test_three_steps(root):
    names = [
        f'{a}/{b}/{c}'
        for a in ('fit', 'holdout')
        for b in ('fit', 'holdout')
        for c in ('fit', 'holdout')
    ]
    parts = [part(root, name, holdout=0.5) for name in names]
    assert sorted(sum(parts, [])) == sorted(part(root, None))


def test_repr_names_the_chain(root):
    text = repr(RAFDB(root, part='holdout/fit', holdout=(0.5, 0.2), holdout_seed=1))
    assert 'train (holdout, 0.5 held out, seed 1; fit, 0.2 held out, seed 1)' in text


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(part='fit/rest'), 'RAFDB: unknown part "fit/rest", expected None, "fit" or'),
        (dict(part='fit/'), 'unknown part "fit/"'),
        (
            dict(part='fit', holdout=(0.5, 0.1)),
            r'RAFDB: holdout=\(0.5, 0.1\) with part="fit": expected one number, or 1',
        ),
        (
            dict(part='fit/fit', holdout_seed=[1]),
            r'holdout_seed=\[1\] with part="fit/fit": expected one number, or 2',
        ),
        (dict(part='fit/fit', holdout=(0.5, 1)), 'holdout=1, expected a fraction between 0 and 1'),
        (
            dict(part='fit/fit', holdout=(0.5, 0.01)),
            'cannot hold out 0.01 of the 70 images of "train" by class',
        ),
    ],
)
def test_bad_chains(root, options, message):
    with pytest.raises(ConvcutError, match=message) as error:
        RAFDB(root, **options)
    assert '\n' not in str(error.value)
