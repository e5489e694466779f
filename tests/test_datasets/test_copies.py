"""Copies of images in data sets: parts keep them together, 'clean' leaves out, 'mark' marks."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convcut_mm  # noqa: F401
from convcut_mm.datasets import RAFDB, FaceFolder
from convcut_mm.errors import ConvcutError

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
PACK = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture
def root(tmp_path) -> str:
    """Per class 12 training images, half of them mirror images of the others, and 3 to test.

    The first test image of each class is in train too.
    """
    noise = np.random.default_rng(0)
    for name in CLASSES:
        train, test = (tmp_path / split / name for split in ('train', 'test'))
        train.mkdir(parents=True)
        test.mkdir(parents=True)
        for number in range(6):
            image = Image.fromarray(noise.integers(0, 256, (32, 32, 3), np.uint8))
            image.save(train / f'a{number}.png')
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(train / f'b{number}.png')
        for number in range(3):
            image = Image.fromarray(noise.integers(0, 256, (32, 32, 3), np.uint8))
            image.save(test / f'{number}.png')
        shutil.copy(train / 'a0.png', test / '0.png')
    return str(tmp_path)


def names(dataset) -> set[str]:
    """``CLASS/NUMBER`` of each image."""
    paths = [Path(dataset.get_data_info(i)['img_path']) for i in range(len(dataset))]
    return {f'{path.parent.name}/{path.stem[-1]}' for path in paths}


def test_parts_keep_copies_together(root):
    fit, held = RAFDB(root, part='fit', holdout=0.5), RAFDB(root, part='holdout', holdout=0.5)
    assert not names(fit) & names(held) and len(fit) == len(held) == 42
    inner = [RAFDB(root, part=f'fit/{part}', holdout=(0.5, 1 / 3)) for part in ('fit', 'holdout')]
    assert not names(inner[0]) & names(inner[1]) and sum(map(len, inner)) == 42


def test_parts_do_not_depend_on_the_order_of_a_list(root, monkeypatch):
    listed = RAFDB.read_items
    wanted = names(RAFDB(root, part='fit', holdout=0.5))
    monkeypatch.setattr(RAFDB, 'read_items', lambda self: listed(self)[::-1])
    assert names(RAFDB(root, part='fit', holdout=0.5)) == wanted


def test_sampled_parts_of_a_folder_keep_copies_together(root):
    parts = [names(FaceFolder(f'{root}/train', split)) for split in ('train', 'val', 'test')]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 42
    # a copy with another label goes along
    shutil.copy(f'{root}/train/anger/a0.png', f'{root}/train/fear/a9.png')
    splits = [FaceFolder(f'{root}/train', split) for split in ('train', 'val', 'test')]
    (home,) = [one for one in splits if 'fear/9' in names(one)]
    assert 'anger/0' in names(home)


def test_clean_leaves_out_and_says_so(root):
    train = RAFDB(root, duplicates='clean')
    assert len(train) == 70 and names(train) == {f'{c}/{i}' for c in CLASSES for i in range(1, 6)}
    assert train.describe() == 'RAFDB, train, without copies of test'
    assert train.metainfo['duplicates'] == 'left out: 14 of 84 images, copies of test'
    test = RAFDB(root, 'test', duplicates='clean')
    assert names(test) == {f'{name}/{i}' for name in CLASSES for i in (1, 2)}
    # parts are sampled before: those of 'clean' lie within those of 'keep'
    for part in ('fit', 'holdout'):
        options = dict(part=part, holdout=0.5)
        clean, kept = (RAFDB(root, duplicates=how, **options) for how in ('clean', 'keep'))
        assert names(clean) == {name for name in names(kept) if not name.endswith('0')}


def test_a_missing_test_split_is_named(root):
    shutil.rmtree(f'{root}/test')
    train = RAFDB(root, duplicates='clean')
    assert len(train) == 84
    assert train.describe() == 'RAFDB, train, without copies of nothing (not there: test)'


def test_without_data_the_intention_is_told(tmp_path):
    dataset = RAFDB(f'{tmp_path}/nowhere', 'train', duplicates='clean', lazy_init=True)
    assert dataset.describe() == 'RAFDB, train, without copies of test'


def test_marks_reach_the_samples(root):
    test = RAFDB(root, 'test', duplicates='mark', pipeline=PACK, test_mode=True)
    marks = [test[i]['data_samples'].duplicate for i in range(len(test))]
    assert marks == [True, False, False] * 7 and test.describe() == 'RAFDB, test'
    plain = RAFDB(root, 'test', pipeline=PACK, test_mode=True)
    assert 'duplicate' not in plain[0]['data_samples']


def test_nothing_but_copies(root):
    for name in CLASSES:
        for number in (1, 2):
            Path(f'{root}/test/{name}/{number}.png').unlink()
    with pytest.raises(ConvcutError, match='every image of "test" is a copy'):
        RAFDB(root, 'test', duplicates='clean')
    with pytest.raises(ConvcutError, match='RAFDB: unknown duplicates "drop", expected one of'):
        RAFDB(root, duplicates='drop')
