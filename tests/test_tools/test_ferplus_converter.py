"""tools/dataset_converters/ferplus.py: both sources, read back by FERPlus; errors; kills."""

import csv
import importlib.util
import signal
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import convcut_mm  # noqa: F401
from convcut_mm.datasets import FERPlus
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.drafts import Draft

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'dataset_converters' / 'ferplus.py'
HEADER = [
    'Usage',
    'Image name',
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
]
VOTES = [
    [0, 10, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 7, 3, 0, 0, 0, 0, 0],
    [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 10],
    [10, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 9, 1, 0, 0, 0, 0, 0, 0],
]
USAGES = ['Training', 'Training', 'Training', 'Training', 'PublicTest', 'PrivateTest']
NAMES = [
    'fer0000000.png',
    'fer0000001.png',
    'fer0000002.png',
    '',
    'fer0028638.png',
    'fer0032220.png',
]
FACES = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)


def write_csv(path: Path, rows: list) -> None:
    with open(path, 'w', newline='') as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def pair(tmp_path) -> Path:
    """A folder with the two CSV files of six rows; row 4 is skipped."""
    src = tmp_path / 'src'
    src.mkdir()
    write_csv(
        src / 'fer2013.csv',
        [['emotion', 'pixels', 'Usage']]
        + [[0, ' '.join(map(str, face.ravel())), usage] for face, usage in zip(FACES, USAGES)],
    )
    write_csv(
        src / 'fer2013new.csv',
        [HEADER] + [[usage, name, *votes] for usage, name, votes in zip(USAGES, NAMES, VOTES)],
    )
    return src


@pytest.fixture
def convert(monkeypatch, tmp_path):
    """Run the tool in this process: ``convert(SRC, *OPTIONS)``; return the destination."""
    spec = importlib.util.spec_from_file_location('ferplus_converter', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(src, *options, dst=tmp_path / 'dst'):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), str(src), str(dst), *options])
        tool.main()
        return dst

    return run


def content(folder: Path) -> dict:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


PACK = [dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')]


def test_csv_pair(pair, convert, capsys):
    dst = convert(pair)
    out = capsys.readouterr().out.splitlines()
    assert out[0] == (
        'FER2013Train: 3 images, the majority rule keeps 2 (votes from '
        'fer2013new.csv; expected 25060: an incomplete or different copy)'
    )
    assert [line.split(' (')[0] for line in out[1:]] == [
        'FER2013Valid: 1 images, the majority rule keeps 1',
        'FER2013Test: 1 images, the majority rule keeps 1',
    ]
    assert (dst / 'FER2013Train' / 'label.csv').read_text().splitlines()[
        1
    ] == 'fer0000001.png,"(0, 0, 48, 48)",0,0,0,7,3,0,0,0,0,0'
    assert (dst / 'fer2013new.csv').read_bytes() == (pair / 'fer2013new.csv').read_bytes()
    assert sorted(path.name for path in dst.iterdir()) == [
        'FER2013Test',
        'FER2013Train',
        'FER2013Valid',
        'fer2013new.csv',
    ]
    for split, rows in dict(train=[0, 1, 2], valid=[4], test=[5]).items():
        for source in ('label.csv', 'fer2013new.csv'):
            dataset = FERPlus(str(dst), split, rule='argmax', label_source=source, pipeline=PACK)
            assert 'fer2013new.csv' in dataset.metainfo['label_source']
            for sample, row in zip(dataset, rows, strict=True):
                assert sample['inputs'].numpy()[0].tolist() == FACES[row].tolist()
                assert int(sample['data_samples'].gt_label) == int(np.argmax(VOTES[row]))


def test_run_again(pair, convert, capsys):
    dst = convert(pair)
    before = content(dst)
    (dst / 'FER2013Valid' / 'label.csv').unlink()
    (dst / 'FER2013Valid' / 'fer0028638.png').unlink()
    (dst / 'FER2013Valid' / 'label_source.txt').unlink()
    (dst / 'FER2013Valid').rmdir()  # as if only that one had not been finished
    stamp = (dst / 'FER2013Train' / 'label.csv').stat().st_mtime_ns
    capsys.readouterr()
    convert(pair)
    assert content(dst) == before
    assert (dst / 'FER2013Train' / 'label.csv').stat().st_mtime_ns == stamp
    out = capsys.readouterr().out
    assert out.count('already there') == 2 and 'FER2013Valid: 1 images' in out
    convert(pair)
    assert capsys.readouterr().out.count('already there') == 3


def edit(path: Path, line: int, old: str, new: str) -> None:
    lines = path.read_text().splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text('\n'.join(line for line in lines if line) + '\n')


FIRST = ' '.join(map(str, FACES[1].ravel()))  # the pixels in line 3


@pytest.mark.parametrize(
    'name, line, old, new, message',
    [
        ('fer2013.csv', 1, 'pixels', 'image', 'csv, line 1: the header has no column "pixels"'),
        (
            'fer2013new.csv',
            1,
            'NF',
            'none',
            'fer2013new.csv, line 1: the header has no column "NF"',
        ),
        ('fer2013.csv', 3, FIRST, FIRST + ' 1', 'fer2013.csv, line 3: expected 2304 pixel values'),
        (
            'fer2013.csv',
            3,
            FIRST,
            FIRST.replace(' ', ' x', 1),
            'line 3: expected whole pixel values',
        ),
        (
            'fer2013.csv',
            3,
            FIRST,
            FIRST.replace(' ', ' 9', 1) + '9',
            'line 3: expected whole pixel',
        ),
        ('fer2013.csv', 3, 'Training', 'Train', 'fer2013.csv, line 3: unknown Usage "Train"'),
        (
            'fer2013new.csv',
            3,
            'Training',
            'x',
            'fer2013new.csv, line 3: unknown Usage "x", expected',
        ),
        (
            'fer2013new.csv',
            3,
            'Training',
            'PublicTest',
            'line 3: Usage PublicTest, expected Training',
        ),
        ('fer2013new.csv', 3, ',7,', ',11,', 'fer2013new.csv, line 3: expected ten votes from 0'),
        ('fer2013new.csv', 3, ',7,', ',', 'fer2013new.csv, line 3: expected 12 fields, got 11'),
        ('fer2013new.csv', 3, 'fer0', '../fer0', 'line 3: expected an image name like'),
        ('fer2013new.csv', 3, '1.png', '0.png', 'line 3: expected each image name once'),
        (
            'fer2013new.csv',
            7,
            'PrivateTest,fer0032220.png,0,0,9,1,0,0,0,0,0,0',
            '',
            'fer2013new.csv: ends before line 7 of',
        ),
        (
            'fer2013.csv',
            7,
            ','.join(['0', ' '.join(map(str, FACES[5].ravel())), 'PrivateTest']),
            '',
            'fer2013.csv: ends before line 7 of',
        ),
    ],
)
def test_bad_csv(pair, convert, tmp_path, name, line, old, new, message):
    edit(pair / name, line, old, new)
    with pytest.raises(ConvcutError) as error:
        convert(pair)
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not list((tmp_path / 'dst').iterdir())


def test_missing_sources(pair, convert, tmp_path):
    with pytest.raises(ConvcutError, match='nowhere: no such folder'):
        convert(tmp_path / 'nowhere')
    with pytest.raises(ConvcutError, match='expected FER2013Train.zip, .* some of them there$'):
        convert(pair, '--from', 'zip')
    (pair / 'FER2013Test.zip').touch()
    with pytest.raises(ConvcutError, match='say --from csv or --from zip'):
        convert(pair)
    (pair / 'FER2013Test.zip').unlink()
    (pair / 'fer2013new.csv').unlink()
    with pytest.raises(ConvcutError, match='fer2013new.csv: no such file; expected fer2013.csv'):
        convert(pair)
    (pair / 'fer2013.csv').unlink()
    with pytest.raises(ConvcutError, match='or fer2013.csv and fer2013new.csv$'):
        convert(pair)


def pack(path: Path, members: dict) -> None:
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_zip_round_trip(pair, convert, tmp_path, capsys):
    made = content(convert(pair))
    zips = tmp_path / 'zips'
    zips.mkdir()
    for folder in ('FER2013Train', 'FER2013Test'):
        pack(
            zips / f'{folder}.zip',
            {
                **{name: data for name, data in made.items() if name.startswith(folder)},
                '__MACOSX/x': b'',
                f'{folder}/more/x.png': b'',
                f'{folder}/notes.txt': b'',
            },
        )
    (zips / 'fer2013new.csv').write_bytes(made['fer2013new.csv'])
    capsys.readouterr()
    unpacked = content(convert(zips, dst=tmp_path / 'unpacked'))
    assert unpacked == {
        name: data
        for name, data in made.items()
        if 'Valid' not in name and 'label_source' not in name
    }
    out = capsys.readouterr().out.splitlines()
    assert out[0] == (
        'FER2013Train: 3 images, the majority rule keeps 2 (votes from label.csv; '
        'expected 25045: an incomplete or different copy)'
    )
    assert len(out) == 2


GOOD = {
    'FER2013Train/fer0000000.png': b'image' * 99,
    'FER2013Train/label.csv': 'fer0000000.png,"(0, 0, 48, 48)",10,0,0,0,0,0,0,0,0,0\n',
}


@pytest.mark.parametrize(
    'members, message',
    [
        (
            {'faces/fer0000000.png': b''},
            'expected a folder FER2013Train with images and label.csv',
        ),
        (
            {**GOOD, 'FER2013Train/../../x.png': b''},
            r'refused, its member "FER2013Train/../../x.png"',
        ),
        ({**GOOD, '/x.png': b''}, 'refused, its member "/x.png"'),
        ({**GOOD, 'C:\\x.png': b''}, 'refused, its member'),
        ({'FER2013Train/fer0000000.png': b''}, 'FER2013Train.zip/label.csv: no such file'),
        ({**GOOD, 'FER2013Train/label.csv': 'x.png,1\n'}, 'FER2013Train.zip/label.csv, line 1:'),
        (
            {'FER2013Train/label.csv': GOOD['FER2013Train/label.csv']},
            'FER2013Train.zip/fer0000000.png: listed in',
        ),
    ],
)
def test_bad_zip(convert, tmp_path, members, message):
    pack(tmp_path / 'FER2013Train.zip', members)
    with pytest.raises(ConvcutError) as error:
        convert(tmp_path)
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not list((tmp_path / 'dst').iterdir())


def member(name: str, data: bytes = b'', **fields) -> tuple:
    """Return a zip member as an attacker writes it."""
    info = zipfile.ZipInfo(f'FER2013Train/{name}')
    info.compress_type = zipfile.ZIP_DEFLATED
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


@pytest.mark.parametrize(
    'members, message',
    [
        ([member('a.png', bytes(100_000_000))], '"FER2013Train/a.png" unpacks to 100000000 bytes'),
        ([member('label.csv', bytes(9 << 20))], 'label.csv" unpacks to 9437184 bytes'),
        ([member('a.png', b'/etc/passwd', external_attr=0o120777 << 16)], 'a.png" is a link'),
        ([member('a.png', b'x', compress_type=zipfile.ZIP_LZMA)], 'neither stored nor deflated'),
        ([member('a.png'), member('a.png')], 'a.png" is there twice'),
    ],
    ids=['bomb', 'list', 'link', 'lzma', 'twice'],
)
@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_hostile_zip(convert, tmp_path, members, message):
    with zipfile.ZipFile(tmp_path / 'FER2013Train.zip', 'w') as archive:
        for info, data in members:
            archive.writestr(info, data, info.compress_type)
    with pytest.raises(ConvcutError) as error:
        convert(tmp_path)
    assert str(error.value).startswith(f'{tmp_path}/FER2013Train.zip: refused, ')
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not list((tmp_path / 'dst').iterdir())


def test_a_member_that_is_larger_than_it_says(convert, tmp_path):
    """The sizes in a zip file are only claims of its author."""
    path = tmp_path / 'FER2013Train.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr(*member('a.png', bytes(50_000_000)))
    size = (50_000_000).to_bytes(4, 'little')
    path.write_bytes(path.read_bytes().replace(size, (99).to_bytes(4, 'little')))
    with pytest.raises(ConvcutError, match='damaged, or not a zip file .*CRC'):
        convert(tmp_path)


def test_many_large_members(convert, tmp_path):
    path = tmp_path / 'FER2013Train.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        for number in range(8193):
            archive.writestr(*member(f'{number}.png', bytes(251)))
    size = (251).to_bytes(4, 'little')
    path.write_bytes(path.read_bytes().replace(size, (65536).to_bytes(4, 'little')))
    with pytest.raises(ConvcutError, match='refused, it unpacks to 536936448 bytes, expected at'):
        convert(tmp_path)


def test_encrypted_zip(convert, tmp_path):
    path = tmp_path / 'FER2013Train.zip'
    pack(path, GOOD)
    data = bytearray(path.read_bytes())
    data[data.index(b'PK\x01\x02') + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ConvcutError, match='is encrypted; unpack'):
        convert(tmp_path)


def test_other_votes_at_the_destination_stay(pair, convert, tmp_path):
    (tmp_path / 'dst').mkdir()
    mine = tmp_path / 'dst' / 'fer2013new.csv'
    mine.write_text('mine')
    with pytest.raises(ConvcutError, match=f'{mine}: exists and differs from'):
        convert(pair)
    assert mine.read_text() == 'mine' and list(mine.parent.iterdir()) == [mine]


@pytest.mark.parametrize('damage', ['cut', 'bit', 'text'])
def test_damaged_zip(convert, tmp_path, damage):
    path = tmp_path / 'FER2013Train.zip'
    pack(path, GOOD)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes({'cut': data[:-60], 'bit': data, 'text': b'no zip\n'}[damage])
    with pytest.raises(ConvcutError, match='FER2013Train.zip: damaged, or not a zip file'):
        convert(tmp_path)
    assert not list((tmp_path / 'dst').iterdir())


def test_killed_run(tmp_path, fork_tool):
    """A killed run leaves nothing that looks finished, and the next run completes it."""
    count, pixels = 900, ' '.join(['128'] * 48 * 48)
    write_csv(
        tmp_path / 'fer2013.csv',
        [['emotion', 'pixels', 'Usage']] + [[0, pixels, 'Training']] * count,
    )
    write_csv(
        tmp_path / 'fer2013new.csv',
        [HEADER] + [['Training', f'fer{i:07d}.png', *VOTES[0]] for i in range(count)],
    )
    dst = tmp_path / 'dst'
    fork = fork_tool(TOOL, tmp_path, dst)
    status = fork.kill_when(lambda: list(dst.glob('.FER2013Train.*/fer0000100.png')))
    assert status == -signal.SIGKILL
    (temporary,) = dst.iterdir()
    assert temporary.name.startswith('.FER2013Train.')
    assert len(list(temporary.iterdir())) < count
    # a folder of a run that goes on is not touched
    running = Draft(dst / 'FER2013Valid', folder=True)
    again = fork_tool(TOOL, tmp_path, dst)
    assert again.wait() == 0
    said = again.log.read_text()
    assert f'FER2013Train: {count} images, the majority rule keeps {count}' in said
    assert f'{count}/{count}' in said and 'images/s' in said
    running.drop()
    assert sorted(path.name for path in dst.iterdir()) == ['FER2013Train', 'fer2013new.csv']
    assert len(list((dst / 'FER2013Train').iterdir())) == count + 2
