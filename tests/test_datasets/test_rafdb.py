"""RAF-DB: one label order whatever the layout, and a clear line for whatever is wrong."""

from pathlib import Path

import pytest
from PIL import Image

import convcut_mm  # noqa: F401
from convcut_mm.datasets import RAFDB
from convcut_mm.errors import ConvcutError

BASIC = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
COMPOUND = (
    'happily surprised',
    'happily disgusted',
    'sadly fearful',
    'sadly angry',
    'sadly surprised',
    'sadly disgusted',
    'fearfully angry',
    'fearfully surprised',
    'angrily surprised',
    'angrily disgusted',
    'disgustedly surprised',
)
SPLITS = ('train', 'test')


def face(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (8, 8), (90, 60, 30)).save(path)


def stems(split: str, classes: int) -> list:
    """(name, official label) of two images a class, in an order that is not the classes'."""
    numbers = [n for n in range(1, classes + 1) for _ in range(2)][::-1]
    digits = 5 if split == 'train' else 4
    return [(f'{split}_{i:0{digits}d}', label) for i, label in enumerate(numbers, 1)]


def official(root: Path, subset: str = 'basic', classes: int = 7) -> Path:
    """Makes the official layout; returns the list file."""
    listed = root / subset / 'EmoLabel' / 'list_patition_label.txt'
    listed.parent.mkdir(parents=True)
    lines = []
    for split in SPLITS:
        for stem, label in stems(split, classes):
            face(root / subset / 'Image' / 'aligned' / f'{stem}_aligned.jpg')
            lines.append(f'{stem}.jpg {label}\n')
    listed.write_text(''.join(lines))
    return listed


def kaggle(root: Path) -> Path:
    """Makes Kaggle's layout; returns the table of the training images."""
    for split in SPLITS:
        lines = ['image,label\n']
        for stem, label in stems(split, 7):
            face(root / 'DATASET' / split / str(label) / f'{stem}_aligned.jpg')
            lines.append(f'{stem}_aligned.jpg,{label}\n')
        (root / f'{split}_labels.csv').write_text(''.join(lines))
    return root / 'train_labels.csv'


def named(root: Path) -> Path:
    """Makes folders named by class; returns the one of the training images."""
    for split in SPLITS:
        for stem, label in stems(split, 7):
            face(root / split / BASIC[label - 1] / f'{stem}_aligned.jpg')
    return root / 'train'


def labels(dataset: RAFDB) -> dict:
    return {
        Path(item['img_path']).name: item['gt_label']
        for item in map(dataset.get_data_info, range(len(dataset)))
    }


@pytest.mark.parametrize('split', SPLITS)
@pytest.mark.parametrize('layout', [official, kaggle, named])
def test_same_labels_in_every_layout(tmp_path, layout, split):
    layout(tmp_path)
    dataset = RAFDB(str(tmp_path), split)
    assert labels(dataset) == {f'{stem}_aligned.jpg': label - 1 for stem, label in stems(split, 7)}
    assert dataset.metainfo['classes'] == BASIC
    assert all(Path(item['img_path']).is_file() for item in dataset)


def test_subset_folder_as_root(tmp_path):
    official(tmp_path)
    assert labels(RAFDB(str(tmp_path / 'basic'))) == labels(RAFDB(str(tmp_path)))
    kaggle(tmp_path / 'kaggle')
    assert labels(RAFDB(str(tmp_path / 'kaggle' / 'DATASET'))) == labels(RAFDB(str(tmp_path)))


def test_compound(tmp_path):
    official(tmp_path)
    official(tmp_path, 'compound', 11)
    for root in (tmp_path, tmp_path / 'compound'):
        dataset = RAFDB(str(root), 'test', subset='compound')
        assert dataset.metainfo['classes'] == COMPOUND
        assert labels(dataset) == {
            f'{stem}_aligned.jpg': label - 1 for stem, label in stems('test', 11)
        }
    with pytest.raises(ConvcutError, match='no known layout'):
        RAFDB(str(tmp_path / 'basic'), subset='compound')  # its labels would pass for compound


def test_named_folders_in_any_case(tmp_path):
    folder = named(tmp_path)
    (folder / 'anger').rename(folder / 'Anger')
    assert sorted(labels(RAFDB(str(tmp_path))).values()) == sorted([*range(7)] * 2)


def fails(root: Path, *message: str, split: str = 'train', **options) -> None:
    with pytest.raises(ConvcutError) as error:
        RAFDB(str(root), split, **options)
    assert '\n' not in str(error.value)
    for part in message:
        assert part in str(error.value)


def test_nothing_known_there(tmp_path):
    fails(tmp_path / 'nowhere', 'nowhere: no such folder')
    fails(
        tmp_path,
        str(tmp_path),
        'no known layout of RAF-DB (basic, train)',
        'official',
        'Kaggle',
        'folders named by class',
    )
    fails(tmp_path, 'unknown split "valid"', split='valid')
    fails(tmp_path, 'unknown subset "mixed"', subset='mixed')


@pytest.mark.parametrize(
    'line, message',
    [
        ('train_00099.jpg', 'expected "NAME.jpg LABEL", got "train_00099.jpg"'),
        ('train_00001.jpg 0', 'expected a label from 1 to 7 (basic), got "0"'),
        ('train_00001.jpg 8', 'expected a label from 1 to 7 (basic), got "8"'),
        ('train_00001.jpg x', 'expected a label from 1 to 7 (basic), got "x"'),
        ('face.jpg 1', 'expected a name that starts with train or test, got "face.jpg"'),
    ],
)
def test_bad_list(tmp_path, line, message):
    listed = official(tmp_path)
    listed.write_text(f'{listed.read_text()}{line}\n')
    fails(tmp_path, 'list_patition_label.txt, line 29', message)


def test_listed_image_is_missing(tmp_path):
    official(tmp_path)
    images = tmp_path / 'basic' / 'Image' / 'aligned'
    (images / 'train_00003_aligned.jpg').unlink()
    fails(tmp_path, 'train_00003_aligned.jpg: listed in', 'list_patition_label.txt')
    images.rename(images.with_name('original'))
    fails(tmp_path, 'aligned: no such folder')


def test_bad_kaggle_folders(tmp_path):
    kaggle(tmp_path)
    train = tmp_path / 'DATASET' / 'train'
    (train / '8').mkdir()
    fails(tmp_path, 'train/8', 'expected a label from 1 to 7 (basic), got "8"')
    (train / '3').rename(train / 'three')
    (train / '8').rmdir()
    fails(tmp_path, 'train/three', 'expected a label from 1 to 7 (basic), got "three"')
    (train / 'three').rename(tmp_path / 'three')
    fails(tmp_path, 'train/3: no such folder')


@pytest.mark.parametrize(
    'line, message',
    [
        (
            'train_00001_aligned.jpg',
            'line 16: expected "image,label", got "train_00001_aligned.jpg"',
        ),
        ('train_00001_aligned.jpg,9', 'line 16: expected a label from 1 to 7 (basic), got "9"'),
        (
            'train_00001_aligned.jpg,1',
            'line 16: train_00001_aligned.jpg has label 1, but lies in folder 7',
        ),
        ('train_00077_aligned.jpg,1', 'train_00077_aligned.jpg: listed in'),
    ],
)
def test_bad_kaggle_table(tmp_path, line, message):
    table = kaggle(tmp_path)
    table.write_text(f'{table.read_text()}{line}\n')
    fails(tmp_path, 'train_labels.csv', message)


def test_kaggle_without_tables(tmp_path):
    kaggle(tmp_path).unlink()
    assert len(RAFDB(str(tmp_path))) == 14


def test_bad_named_folders(tmp_path):
    folder = named(tmp_path)
    (folder / 'boredom').mkdir()
    fails(tmp_path, 'train/boredom: unknown class folder')
    (folder / 'boredom').rmdir()
    (folder / 'fear').rename(tmp_path / 'fear')
    fails(tmp_path, 'train/fear: no such folder; expected one for each of surprise, fear')


def test_empty_split(tmp_path):
    listed = official(tmp_path / 'a')
    lines = [line for line in listed.read_text().splitlines() if line.startswith('train')]
    listed.write_text('\n'.join(lines))
    fails(tmp_path / 'a', 'the split "test" has no images', split='test')
    folder = named(tmp_path / 'b')
    for path in folder.glob('*/*'):
        path.unlink()
    fails(tmp_path / 'b', 'the split "train" has no images')
