"""Copies of images: identical, nearly identical and mirrored ones are found, others are not."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from convcut_mm.datasets.utils import duplicates_cache
from convcut_mm.datasets.utils.duplicates import find_duplicates
from convcut_mm.datasets.utils.duplicates_cache import cached_duplicates
from convcut_mm.datasets.utils.image_signatures import read_signatures
from convcut_mm.datasets.utils.split_copies import SplitCopies

PEOPLE = 40


def person(number: int) -> Image.Image:
    """A smooth random picture, (48, 48) grey."""
    noise = np.random.default_rng(number).integers(0, 256, (48, 48), np.uint8)
    blurred = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(4)), float)
    blurred -= blurred.mean()
    return Image.fromarray((blurred / blurred.std() * 30 + 110).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope='module')
def planted(tmp_path_factory) -> list[str]:
    """Forty people, and copies of the first; sorted paths."""
    root = tmp_path_factory.mktemp('people')
    for number in range(PEOPLE):
        person(number).save(root / f'p{number:02d}.png')
    first = person(0)
    first.convert('RGB').save(root / 'q-same.bmp')  # other file, same pixels
    first.save(root / 'r-jpeg.jpg', quality=80)
    first.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(root / 's-mirrored.png')
    first.point(lambda value: value * 0.8 + 30).save(root / 't-lighter.png')
    first.resize((96, 96)).save(root / 'u-larger.png')
    first.rotate(90).save(root / 'v-turned.png')  # no copy
    (root / 'w-broken.png').write_bytes((root / 'p00.png').read_bytes()[:200])
    (root / 'x-broken.png').write_bytes((root / 'p00.png').read_bytes()[:200])
    Image.new('L', (48, 48), 7).save(root / 'y-black.png')
    Image.new('L', (48, 48), 9).save(root / 'z-grey.png')
    return [f'{path}' for path in sorted(root.iterdir())]


def group_names(paths: list[str], groups: np.ndarray) -> set[str]:
    """The first letters of the files in the first one's group."""
    return {Path(path).name[0] for path, group in zip(paths, groups) if group == groups[0]}


def test_planted_copies(planted):
    found = find_duplicates(read_signatures(planted))
    everything = np.ones(len(planted), bool)
    groups = found.groups(everything)
    assert group_names(planted, groups) == set('pqrstu')
    assert len(set(groups)) == len(planted) - 5  # nobody else has a copy
    assert [Path(planted[i]).name[0] for i in np.flatnonzero(~found.readable)] == ['w', 'x']
    letters = [Path(planted[i]).name[0] for i in found.pairs[:, 1]]
    flips = dict(zip(zip(found.pairs[:, 0].tolist(), letters), found.mirrored.tolist()))
    assert [flips[0, letter] for letter in 'rstu'] == [False, True, False, False]
    assert found.identity[[Path(path).name[0] == 'q' for path in planted]].tolist() == [0]
    assert (found.correlation > 0.99).all()


def test_correlations_are_those_of_numpy(planted):
    """All pairs, by brute force, in floating point."""
    signatures = read_signatures(planted)
    found = find_duplicates(signatures, threshold=0.3)
    flat = signatures.thumbnails[:PEOPLE].reshape(PEOPLE, -1)
    mirrored = signatures.thumbnails[:PEOPLE, :, ::-1].reshape(PEOPLE, -1)
    both = np.maximum(np.corrcoef(flat), np.corrcoef(flat, mirrored)[:PEOPLE, PEOPLE:])
    wanted = {pair for pair in zip(*np.nonzero(np.triu(both > 0.3, 1)))}
    inside = (found.pairs < PEOPLE).all(1)
    assert {tuple(pair) for pair in found.pairs[inside]} == wanted and len(wanted) > 20
    first, second = found.pairs[inside].T
    np.testing.assert_allclose(found.correlation[inside], both[first, second], rtol=1e-12)


def test_what_stands_in(planted):
    found = find_duplicates(read_signatures(planted))
    here = np.array([Path(path).name[0] for path in planted])
    others = np.isin(here, ['s'])
    near = found.stands_in(others)
    assert set(here[near]) <= set('pqrstu') and near[0] and near[here == 'q'].all()
    assert found.stands_in(others, near=False).tolist() == others.tolist()
    assert set(here[found.stands_in(here == 'q', near=False)]) == {'p', 'q'}


def test_no_image_and_one_image(planted):
    for count in (0, 1):
        found = find_duplicates(read_signatures(planted[:count]))
        assert found.groups(np.ones(count, bool)).tolist() == [0] * count
        assert found.pairs.shape == (0, 2)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv('CONVCUT_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def fields(found) -> list[list]:
    return [array.tolist() for array in vars(found).values()]


@pytest.mark.parametrize('damage', ['truncated', 'text', 'empty', 'other arrays', 'out of range'])
def test_damaged_cache_is_replaced(planted, cache, damage):
    wanted = fields(cached_duplicates(planted))
    (file,) = cache.glob('*.npz')
    content = file.read_bytes()
    with np.load(file) as arrays:
        arrays = dict(arrays)
    if damage == 'other arrays':
        np.savez(file, key=arrays['key'], identity=np.arange(3))
    elif damage == 'out of range':
        np.savez(file, **{**arrays, 'pairs': arrays['pairs'] + len(planted)})
    else:
        kept = {'truncated': content[:-300], 'text': b'no archive', 'empty': b''}[damage]
        file.write_bytes(kept)
    assert fields(cached_duplicates(planted)) == wanted
    with np.load(file) as again:
        assert all((again[name] == arrays[name]).all() for name in arrays)


def test_warm_cache_opens_no_image(planted, cache, monkeypatch):
    wanted = fields(cached_duplicates(planted))
    monkeypatch.setattr(Image, 'open', None)
    assert fields(cached_duplicates(planted)) == wanted


def test_a_changed_image_is_seen(tmp_path, cache):
    for number in range(3):
        person(number).save(tmp_path / f'{number}.png')
    paths = [f'{tmp_path / name}.png' for name in '012']
    assert len(set(cached_duplicates(paths).identity)) == 3
    before = os.stat(paths[2])
    person(0).save(paths[2])
    os.utime(paths[2], ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert cached_duplicates(paths).identity.tolist() == [0, 1, 0]


def test_a_folder_that_cannot_be_written_costs_nothing_else(planted, cache):
    wanted = fields(cached_duplicates(planted))
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    cache.write_text('a file')
    assert fields(cached_duplicates(planted)) == wanted


def test_groups_of_a_split_do_not_depend_on_others(tmp_path, cache):
    """A test image that resembles two training images does not link them."""
    one, other = (np.asarray(person(number), float) for number in (0, 1))
    paths = []
    for number, weight in enumerate(
        (0, 0.12, 0.24)
    ):  # correlations of 0.993, and 0.97 at the ends
        pixels = (one + weight * (other - 110)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{number}.png')
        paths.append(f'{tmp_path / str(number)}.png')
    train = paths[::2]
    copies = SplitCopies({'train': train, 'test': paths[1:2]})
    assert copies.stand_in(train, ['test', 'val']) == [True, True]
    assert copies.stand_in(paths[1:2], ['train']) == [True]
    assert len(set(copies.groups('train', train).tolist())) == 2
    assert len(set(SplitCopies({'all': paths}).groups('all', paths).tolist())) == 1


def test_of_several_processes_one_decodes(planted, cache, monkeypatch, tmp_path):
    log = tmp_path / 'log'

    def counted(paths):
        with open(log, 'a') as file:
            file.write('decoded\n')
        return read_signatures(paths)

    monkeypatch.setattr(duplicates_cache, 'read_signatures', counted)
    with multiprocessing.get_context('fork').Pool(3) as pool:
        first, *others = [fields(one) for one in pool.map(cached_duplicates, [planted] * 3, 1)]
    assert others == [first] * 2 and log.read_text() == 'decoded\n'
