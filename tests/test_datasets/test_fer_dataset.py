"""Behaviour of all data sets: damaged images, reproducible epochs, held-out parts, class order."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from PIL import Image
from torch.utils.data import DataLoader

import convcut_mm  # noqa: F401
from convcut_mm.datasets import RAFDB
from convcut_mm.datasets.samplers import Repeat
from convcut_mm.errors import ConvcutError

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')


class Sample(BaseTransform):
    """Returns the image's index and a number of each generator."""

    def transform(self, results: dict) -> tuple:
        return results['sample_idx'], random.random(), np.random.rand(), torch.rand(()).item()


def folders(root: Path, each: int) -> str:
    """Write ``each`` training images of noise per class."""
    noise = np.random.default_rng(0)
    for name in CLASSES:
        (root / 'train' / name).mkdir(parents=True)
        for number in range(each):
            pixels = noise.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / 'train' / name / f'{name}{number}.jpg')
    return str(root)


@pytest.fixture
def root(tmp_path) -> str:
    return folders(tmp_path, 4)


@pytest.mark.parametrize('backend', ['pillow', 'cv2'])
@pytest.mark.parametrize('damage', ['truncated', 'empty', 'text', 'gone'])
@pytest.mark.parametrize('test_mode', [False, True])
def test_damaged_image(root, damage, backend, test_mode):
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend=backend), dict(type='PackInputs')]
    dataset = RAFDB(root, pipeline=pipeline, test_mode=test_mode)
    path = Path(dataset.get_data_info(5)['img_path'])
    content = path.read_bytes()
    path.write_bytes(
        {
            'truncated': content[: len(content) // 2],
            'empty': b'',
            'text': b'not an image\n' * 20,
            'gone': b'',
        }[damage]
    )
    if damage == 'gone':
        path.unlink()
    with pytest.raises(ConvcutError, match=f'{path.name}: not a whole image file') as error:
        dataset[5]
    assert '\n' not in str(error.value)
    assert dataset[4]['inputs'].shape == (3, 32, 32)


@pytest.mark.parametrize('backend', ['pillow', 'cv2'])
def test_a_header_that_asks_for_gigabytes(root, backend):
    """OpenCV alone would allocate them."""
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend=backend), dict(type='PackInputs')]
    dataset = RAFDB(root, pipeline=pipeline)
    path = Path(dataset.get_data_info(5)['img_path'])
    content = bytearray(path.read_bytes())
    place = content.index(b'\xff\xc0') + 5
    content[place : place + 4] = b'\x7f\xbc' * 2
    path.write_bytes(content)
    with pytest.raises(ConvcutError, match=f'{path.name}: more than the 120 megapixels') as error:
        dataset[5]
    assert '\n' not in str(error.value)


def test_other_errors_stay(root):
    """A mistake in the pipeline is not blamed on the image."""

    class Broken(BaseTransform):
        def transform(self, results: dict) -> dict:
            raise AttributeError('a bug')

    with pytest.raises(AttributeError, match='a bug'):
        RAFDB(root, pipeline=[Broken()])[0]


def rows(batches) -> dict:
    """Return {image: its random numbers}, whatever the order."""
    return {int(row[0]): tuple(row[1:]) for batch in batches for row in batch}


def test_samples_depend_on_seed_epoch_and_image_only(root):
    dataset = RAFDB(root, pipeline=[Sample()])
    loaders = [
        DataLoader(dataset, batch_size=5, collate_fn=list),
        DataLoader(dataset, batch_size=3, shuffle=True, collate_fn=list),
        DataLoader(
            dataset,
            batch_size=4,
            shuffle=True,
            collate_fn=list,
            num_workers=2,
            persistent_workers=True,
        ),
    ]
    seen = {}
    for key in [(0, 0), (0, 1), (7, 1), (0, 0)]:
        dataset.set_epoch(*key)
        first, *others = [rows(loader) for loader in loaders]
        assert len(first) == 28 and len(set(first.values())) == 28
        assert others == [first] * 2
        assert seen.setdefault(key, first) == first
    assert not set(seen[0, 0].values()) & set(seen[0, 1].values())
    assert not set(seen[0, 1].values()) & set(seen[7, 1].values())


def test_copies_of_an_image_have_their_own_samples(root):
    dataset = RAFDB(root, pipeline=[Sample()])
    numbers = [3, Repeat(3, 1), 5, Repeat(3, 2), Repeat(5, 1)]
    loaders = [
        DataLoader(dataset, batch_size=size, sampler=numbers, collate_fn=list, **options)
        for size, options in ((5, {}), (2, dict(num_workers=2, persistent_workers=True)))
    ]
    seen = []
    for epoch in (0, 1):
        dataset.set_epoch(0, epoch)
        first, other = [[row for batch in loader for row in batch] for loader in loaders]
        assert other == first and [row[0] for row in first] == numbers
        assert all(type(row[0]) is int for row in first)
        assert first[0] == dataset[3]  # the first copy is the image without copies
        seen += [row[1:] for row in first]
    assert len(set(seen)) == 10


def test_copies_in_tests_are_alike(root):
    dataset = RAFDB(root, pipeline=[Sample()], test_mode=True)
    random.seed(3)
    first = dataset[3]
    random.seed(3)
    assert dataset[Repeat(3, 1)][:2] == first[:2]


def test_global_generators_are_untouched(root):
    dataset = RAFDB(root, pipeline=[Sample()])
    dataset.set_epoch(0, 3)

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    dataset[0]
    assert states() == before


def test_samples_before_set_epoch_and_in_tests_are_global(root):
    dataset = RAFDB(root, pipeline=[Sample()])
    tested = RAFDB(root, pipeline=[Sample()], test_mode=True)
    tested.set_epoch(0, 0)
    for each in (dataset, tested):
        random.seed(3)
        expected = random.random()
        random.seed(3)
        assert each[0][1] == expected


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(part='valid'), 'RAFDB: unknown part "valid", expected None, "fit" or "holdout"'),
        (dict(part='fit', holdout=0), 'holdout=0, expected a fraction between 0 and 1'),
        (dict(part='fit', holdout=1.0), 'holdout=1.0, expected a fraction between 0 and 1'),
        (
            dict(part='fit', holdout=0.01),
            'cannot hold out 0.01 of the 28 images of "train" by class',
        ),
    ],
)
def test_bad_part(root, options, message):
    with pytest.raises(ConvcutError, match=message) as error:
        RAFDB(root, **options)
    assert '\n' not in str(error.value)


def test_parts(root):
    whole, fit, held = (
        [item['img_path'] for item in RAFDB(root, part=part, holdout=0.25)]
        for part in (None, 'fit', 'holdout')
    )
    assert len(held) == 7 and len({Path(path).parent for path in held}) == 7
    assert sorted(fit + held) == sorted(whole)
    assert 'holdout, 0.25 held out, seed 0' in repr(RAFDB(root, part='holdout', holdout=0.25))


def test_class_ordered(tmp_path):
    listed = tmp_path / 'basic' / 'EmoLabel' / 'list_patition_label.txt'
    images = tmp_path / 'basic' / 'Image' / 'aligned'
    listed.parent.mkdir(parents=True)
    images.mkdir(parents=True)
    order = [3, 1, 7, 1, 3, 2]
    listed.write_text(''.join(f'train_{i:05d}.jpg {n}\n' for i, n in enumerate(order)))
    for i in range(len(order)):
        (images / f'train_{i:05d}_aligned.jpg').touch()
    assert RAFDB(str(tmp_path)).get_gt_labels().tolist() == [2, 0, 6, 0, 2, 1]
    dataset = RAFDB(str(tmp_path), class_ordered=True)
    # disgust, fear, neutral, surprise: alphabetical, as folders of classes are read
    assert dataset.get_gt_labels().tolist() == [2, 2, 1, 6, 0, 0]
    names = [Path(item['img_path']).name[6:11] for item in dataset]
    assert names == ['00000', '00004', '00005', '00002', '00001', '00003']
