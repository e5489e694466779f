"""RAF-DB: one label order for all layouts, and a clear line for each mistake."""

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
    """Return (name, official label) of two images per class, not in the order of the classes."""
    numbers = [n for n in range(1, classes + 1) for _ in range(2)][::-1]
    digits = 5 if split == 'train' else 4
    return [(f'{split}_{i:0{digits}d}', label) for i, label in enumerate(numbers, 1)]


def official(root: Path, subset: str = 'basic', classes: int = 7) -> Path:
    """Write the official layout; return the list file."""
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
    """Write Kaggle's layout; return the table of the training images."""
    for split in SPLITS:
        lines = ['image,label\n']
        for stem, label in stems(split, 7):
            face(root / 'DATASET' / split / str(label) / f'{stem}_aligned.jpg')
            lines.append(f'{stem}_aligned.jpg,{label}\n')
        (root / f'{split}_labels.csv').write_text(''.join(lines))
    return root / 'train_labels.csv'


def named(root: Path) -> Path:
    """Write folders named by class; return that of the training images."""
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
        RAFDB(str(tmp_path / 'basic'), subset='compound')  # its labels would do for compound


def test_named_folders_in_any_case(tmp_path):
    folder = named(tmp_path)
    (folder / 'anger').rename(folder / 'Anger')
    assert sorted(labels(RAFDB(str(tmp_path))).values()) == sorted([*range(7)] * 2)


def relabelled(root: Path, edit) -> None:
    """Edit the lines of the official list."""
    (listed,) = root.rglob('list_patition_label.txt')
    listed.write_bytes(edit(listed.read_text()).encode())


@pytest.mark.parametrize(
    'edit',
    [
        lambda text: f'{text}\n\n',
        lambda text: f'\ufeff{text}',
        lambda text: text.replace('\n', '\r\n'),
        lambda text: text.replace('\n', '.0 \n').replace(' ', '\t'),
    ],
    ids=['blank line', 'BOM', 'Windows', 'float'],
)
def test_lists_as_editors_write_them(tmp_path, edit):
    official(tmp_path)
    expected = labels(RAFDB(str(tmp_path)))
    relabelled(tmp_path, edit)
    assert labels(RAFDB(str(tmp_path))) == expected


def test_one_level_up_or_down(tmp_path):
    root = tmp_path / 'data' / 'RAF-DB'
    official(root)
    kaggle(tmp_path / 'kaggle')
    expected = labels(RAFDB(str(root)))
    for place in (root.parent, root / 'basic' / 'Image' / 'aligned', root / 'basic' / 'EmoLabel'):
        assert labels(RAFDB(str(place))) == expected
    assert labels(RAFDB(str(tmp_path / 'kaggle' / 'DATASET' / 'train'))) == expected
    # many data sets have folders of these names: look only into those that claim to be RAF-DB
    named(tmp_path / 'others' / 'affectnet')
    fails(tmp_path / 'others', 'no known layout', 'found there: affectnet/; expected')
    kaggle(root.parent / 'raf-kaggle')
    fails(root.parent, 'holds RAF-DB twice', 'RAF-DB/basic', 'raf-kaggle/DATASET')


def test_names_without_aligned(tmp_path):
    official(tmp_path)
    for path in (tmp_path / 'basic' / 'Image' / 'aligned').iterdir():
        path.rename(path.with_name(path.name.replace('_aligned', '')))
    assert labels(RAFDB(str(tmp_path), 'test')) == {
        f'{stem}.jpg': label - 1 for stem, label in stems('test', 7)
    }


def test_valid_stands_for_a_missing_test_part(tmp_path):
    kaggle(tmp_path)
    parts = tmp_path / 'DATASET'
    (parts / 'test').rename(parts / 'Valid')
    (parts / 'train').rename(parts / 'Train')
    (tmp_path / 'test_labels.csv').rename(tmp_path / 'valid_labels.csv')
    assert len(RAFDB(str(tmp_path), 'test')) == len(RAFDB(str(tmp_path))) == 14
    (parts / 'test').mkdir()
    for label in range(1, 8):
        face(parts / 'test' / str(label) / f'{label}.jpg')
    (tmp_path / 'valid_labels.csv').unlink()
    assert len(RAFDB(str(tmp_path), 'test')) == 7


def test_synonyms_of_the_classes(tmp_path):
    folder = named(tmp_path)
    expected = labels(RAFDB(str(tmp_path)))
    words = dict(happiness='Happy', sadness='sad', anger='Angry', fear='fearful')
    for name, other in {**words, 'surprise': 'surprised', 'disgust': 'Disgusted'}.items():
        (folder / name).rename(folder / other)
    assert labels(RAFDB(str(tmp_path))) == expected
    (folder / 'happiness').mkdir()
    fails(tmp_path, 'train/happiness: the same class as', 'Happy')


def test_classes_choose_and_order_and_rename_nothing(tmp_path):
    official(tmp_path)
    wanted = ('neutral', 'Happy', 'anger')
    for options in (dict(classes=wanted), dict(metainfo=dict(classes=list(wanted)))):
        dataset = RAFDB(str(tmp_path), **options)
        assert dataset.metainfo['classes'] == wanted and len(dataset) == 6
        official_labels = labels(RAFDB(str(tmp_path)))
        for name, label in labels(dataset).items():
            assert official_labels[name] == {0: 6, 1: 3, 2: 5}[label]
    lazy = RAFDB(str(tmp_path / 'nowhere'), classes=wanted, lazy_init=True)
    assert lazy.metainfo['classes'] == wanted
    everything = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise')
    alphabetical = RAFDB(str(tmp_path), classes=everything)
    assert len(alphabetical) == 14 and alphabetical.get_data_info(0)['gt_label'] == 4
    fails(tmp_path, 'RAFDB: unknown class "calm", expected some of surprise', classes=['calm'])
    fails(tmp_path, 'class "happy" twice', classes=['happiness', 'happy'])
    fails(tmp_path, 'RAFDB: no classes', classes=[])
    fails(tmp_path, 'unknown class "contempt"', metainfo=dict(classes=['contempt']))


def fails(root: Path, *message: str, split: str = 'train', **options) -> None:
    with pytest.raises(ConvcutError) as error:
        RAFDB(str(root), split, **options)
    assert '\n' not in str(error.value)
    for part in message:
        assert part in str(error.value)


def test_no_known_layout(tmp_path):
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
        ('train_00001.jpg 1', 'expected each image once, got train_00001.jpg again'),
        ('train/../../x.jpg 1', 'expected a name that starts with train or test'),
        ('train_1.jpg nan', 'expected a label from 1 to 7 (basic), got "nan"'),
        ('train_1.jpg 1e308', 'expected a label from 1 to 7 (basic), got "1e308"'),
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
