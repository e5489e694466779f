"""A folder of faces: its classes, its three parts, and a clear line for each mistake."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convcut_mm  # noqa: F401
from convcut_mm.datasets import FaceFolder
from convcut_mm.datasets.utils.face_tree import read_tree
from convcut_mm.datasets.utils.image_folder import check_images
from convcut_mm.errors import ConvcutError


def faces(folder: Path, **counts: int) -> Path:
    """Write ``counts`` images of noise into a folder for each class."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            noise = np.random.default_rng([number, *name.encode()])
            pixels = noise.integers(0, 256, (8, 9, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f'{number:03d}.jpg')
    return folder


def names(dataset: FaceFolder) -> list:
    """Return (class, file) of each image, the class according to its label."""
    items = map(dataset.get_data_info, range(len(dataset)))
    classes = dataset.metainfo['classes']
    return [(classes[item['gt_label']], Path(item['img_path']).name) for item in items]


def parts(root: Path, **options) -> dict:
    return {split: names(FaceFolder(str(root), split, **options)) for split in FaceFolder.SPLITS}


def test_sampled_parts_are_stratified_disjoint_and_whole(tmp_path):
    faces(tmp_path, joy=40, boredom=20, awe=3)
    sampled = parts(tmp_path)
    everything = sorted(sum(sampled.values(), []))
    assert everything == sorted(
        (name, f'{i:03d}.jpg')
        for name, count in (('joy', 40), ('boredom', 20), ('awe', 3))
        for i in range(count)
    )
    by_class = {split: Counter(name for name, _ in some) for split, some in sampled.items()}
    assert by_class['val'] == dict(joy=4, boredom=2, awe=1)
    assert by_class['test'] == dict(joy=8, boredom=4, awe=1)
    # labels follow the folders of the files, in alphabetical order
    dataset = FaceFolder(str(tmp_path))
    assert dataset.metainfo['classes'] == ('awe', 'boredom', 'joy')
    assert all(Path(item['img_path']).parent.name == name for item, (name, _) in zip(
        map(dataset.get_data_info, range(len(dataset))), names(dataset)
    ))  # fmt: skip


def test_samples_follow_seed_and_not_the_other_classes(tmp_path):
    faces(tmp_path, joy=30, sorrow=30)
    first, again, other = parts(tmp_path), parts(tmp_path), parts(tmp_path, split_seed=1)
    assert first == again and first['test'] != other['test']
    faces(tmp_path, anger=9)
    more = parts(tmp_path)
    assert [item for item in more['test'] if item[0] != 'anger'] == first['test']


@pytest.mark.parametrize('count', range(3, 9))
@pytest.mark.parametrize('fractions', [(0.1, 0.2), (0.45, 0.5)])
def test_no_part_of_a_small_class_is_empty(tmp_path, count, fractions):
    faces(tmp_path, a=count, b=3)
    sampled = parts(tmp_path, val_share=fractions[0], test_share=fractions[1])
    assert all({name for name, _ in some} == {'a', 'b'} for some in sampled.values())
    assert sum(map(len, sampled.values())) == count + 3


@pytest.mark.parametrize('val', ['val', 'valid', 'validation'])
def test_folders_of_the_parts_are_taken_as_they_are(tmp_path, val):
    faces(tmp_path / 'train', a=5, b=5)
    faces(tmp_path / val, a=2)
    faces(tmp_path / 'test', b=1)  # one image is enough if nothing has to be sampled
    found = parts(tmp_path)
    assert len(found['train']) == 10
    assert found['val'] == [('a', '000.jpg'), ('a', '001.jpg')]
    assert found['test'] == [('b', '000.jpg')]


def test_missing_part_is_sampled_from_train(tmp_path):
    faces(tmp_path / 'train', a=10, b=10)
    faces(tmp_path / 'test', a=1, b=1)
    val = FaceFolder(str(tmp_path), 'val', val_share=0.3)
    train = FaceFolder(str(tmp_path), 'train', val_share=0.3)
    assert len(val) == 6 and len(train) == 14 and not set(names(val)) & set(names(train))
    assert len(FaceFolder(str(tmp_path), 'test')) == 2


def test_parts_of_parts_and_order_of_classes(tmp_path):
    faces(tmp_path, a=20, b=20)
    options = dict(classes=['b', 'a'], holdout=0.25)
    fit = FaceFolder(str(tmp_path), part='fit', **options)
    held = FaceFolder(str(tmp_path), part='holdout', **options)
    whole = names(FaceFolder(str(tmp_path), classes=['b', 'a']))
    assert sorted(names(fit) + names(held)) == sorted(whole) and len(held) == 7
    assert fit.metainfo['classes'] == ('b', 'a')
    assert fit.get_data_info(0)['gt_label'] == 0 and names(fit)[0][0] == 'b'


def test_soft_labels(tmp_path):
    faces(tmp_path, a=3, b=3, c=3)
    dataset = FaceFolder(str(tmp_path), soft_labels=True)
    probabilities = [dataset.get_data_info(i)['gt_score'].tolist() for i in range(3)]
    assert probabilities == np.eye(3).tolist()


def test_every_kind_of_image_and_nothing_else(tmp_path):
    faces(tmp_path, a=3, b=3)
    for suffix in ('png', 'PNG', 'jpeg', 'bmp', 'webp', 'tif'):
        Image.new('RGB', (8, 8)).save(tmp_path / 'a' / f'{suffix}.{suffix}')
    for name in ('notes.txt', '.DS_Store', '._000.jpg', 'Thumbs.db'):
        (tmp_path / 'a' / name).write_text('no image')
    (tmp_path / 'a' / 'more').mkdir()
    (tmp_path / 'list.csv').write_text('a,b')
    (tmp_path / '__MACOSX').mkdir()
    tree = read_tree(tmp_path)
    assert tree.classes == ('a', 'b') and len(tree.paths) == 12
    assert {path.name for path in tree.others} == {
        'notes.txt', '.DS_Store', '._000.jpg', 'Thumbs.db', 'list.csv',
    }  # fmt: skip
    check_images(tree.paths, shown=False)


def fails(root: Path, *message: str, **options) -> None:
    with pytest.raises(ConvcutError) as error:
        FaceFolder(str(root), **options)[0]
    assert '\n' not in str(error.value)
    for part in message:
        assert part in str(error.value)


def test_nothing_there(tmp_path):
    fails(tmp_path / 'nowhere', 'nowhere: no such folder')
    fails(tmp_path, f'{tmp_path}: no folder in it; expected CLASS/NAME.jpg')
    Image.new('RGB', (8, 8)).save(tmp_path / 'face.jpg')
    fails(tmp_path, 'no folder in it')


def test_one_class(tmp_path):
    fails(faces(tmp_path, joy=9), 'only the class "joy"; a classifier needs two or more')


def test_classes_of_too_few_images(tmp_path):
    faces(tmp_path, a=9, b=1)
    fails(
        tmp_path,
        f'{tmp_path / "b"}: only 1 image, at least 3 are needed',
        'one each for train, val and test',
    )
    faces(tmp_path, c=0)
    (tmp_path / 'c' / 'face.txt').write_text('no image')
    fails(tmp_path, f'{tmp_path / "c"}: no image in it; expected files that end in .jpg')


def test_folders_of_the_parts_that_do_not_fit(tmp_path):
    faces(tmp_path / 'a' / 'test', x=3, y=3)
    fails(tmp_path / 'a', 'test/ but no train/')
    faces(tmp_path / 'a' / 'train', x=3, y=2)
    (tmp_path / 'a' / 'test' / 'z').mkdir()
    fails(tmp_path / 'a', 'test/z: a class that', 'expected one of x, y')
    (tmp_path / 'a' / 'test' / 'z').rmdir()
    (tmp_path / 'a' / 'val').mkdir()
    fails(tmp_path / 'a', 'val: no images')
    (tmp_path / 'a' / 'valid').mkdir()
    fails(tmp_path / 'a', 'both val/ and valid/')
    faces(tmp_path / 'b' / 'train', x=3, y=1)
    faces(tmp_path / 'b' / 'val', x=1)
    fails(
        tmp_path / 'b', 'train/y: only 1 image, at least 2 are needed, one each for train and test'
    )


def test_bad_options(tmp_path):
    faces(tmp_path, a=3, b=3)
    fails(tmp_path, 'unknown split "valid"', split='valid')
    fails(tmp_path, 'val_share=0, expected a fraction between 0 and 1', val_share=0)
    fails(tmp_path, 'leave nothing to train on', val_share=0.5, test_share=0.5)
    fails(tmp_path, 'the class folders a, b, expected a, c', classes=['a', 'c'])


def test_all_broken_images_are_found_beforehand(tmp_path):
    faces(tmp_path, a=9, b=3)
    whole = (tmp_path / 'a' / '000.jpg').read_bytes()
    (tmp_path / 'a' / '001.jpg').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'a' / '002.jpg').write_bytes(b'')
    (tmp_path / 'b' / '000.jpg').write_text('a text file\n' * 20)
    (tmp_path / 'b' / '001.jpg').write_text('another')
    with pytest.raises(ConvcutError) as error:
        check_images(read_tree(tmp_path).paths, shown=False)
    message = str(error.value)
    assert message.startswith('4 of 12 images cannot be read: ') and '\n' not in message
    assert '002.jpg (empty file)' in message and '000.jpg (not an image)' in message
    assert '001.jpg (' in message and message.endswith(' and 1 more; remove or replace them')


def test_a_header_that_asks_for_gigabytes(tmp_path):
    faces(tmp_path, a=2, b=2)
    path = tmp_path / 'a' / '001.jpg'
    content = bytearray(path.read_bytes())
    place = content.index(b'\xff\xc0') + 5
    content[place : place + 4] = b'\x7f\xbc' * 2
    path.write_bytes(content)
    with pytest.raises(ConvcutError, match=r'001.jpg \(more than the 120 megapixels'):
        check_images(read_tree(tmp_path).paths, shown=False)


def test_class_of_the_page(tmp_path, page_blocks):
    """docs/add_a_data_set.md shows a class for data in another form."""
    ((_, _, code),) = page_blocks('docs/add_a_data_set.md', 'test_datasets/test_face_folder.py')
    scope: dict = {}
    exec(code, scope)
    faces(tmp_path, x=8)
    lines = [f'x/{number:03d}.jpg,{number % 2}\n' for number in range(8)]
    (tmp_path / 'train.csv').write_text(''.join(lines))
    pipeline = [dict(type='LoadImageFromFile')]
    dataset = scope['ListedFaces'](str(tmp_path), 'train', part='fit', holdout=0.25)
    assert len(dataset) == 6 and set(dataset.get_gt_labels()) == {0, 1}
    dataset = scope['ListedFaces'](str(tmp_path), 'train', pipeline=pipeline)
    assert dataset[3]['gt_label'] == 1 and dataset[3]['img'].shape == (8, 9, 3)


@pytest.mark.parametrize(
    'name,problem',
    [
        (b'new\nline', 'control characters'),
        (b'\x1b[31mred', 'control characters'),
        (b'\xff\xfe', 'not UTF-8'),
        ('turned\u202eround'.encode(), 'control characters'),
        (b'{{ fileDirname }}', '"{{"'),
    ],
)
def test_class_names_that_no_log_or_config_can_hold(tmp_path, name, problem):
    for folder in (b'joy', name):
        path = os.path.join(os.fsencode(tmp_path), folder)
        os.mkdir(path)
        Image.new('RGB', (9, 8)).save(os.fsdecode(path) + '/a.jpg')
    with pytest.raises(ConvcutError, match='rename it') as error:
        read_tree(tmp_path)
    message = str(error.value)
    assert message.isprintable() and problem in message and str(tmp_path) in message
