"""The store's files: exact, complete or absent; damage is named; locks between processes."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import StoreEntry, abandoned, entries, remove_entry
from convcut_mm.feature_store.disk import check_room
from convcut_mm.feature_store.manifest import DTYPES
from convcut_mm.feature_store.row import StoredRow
from convcut_mm.feature_store.shard import shard_name
from convcut_mm.feature_store.store import SHARD_BYTES, SHARD_ROWS

SHAPE = (2, 3, 4)


def make_rows(count: int) -> list:
    meta = dict(ori_shape=[20, 24])
    return [
        StoredRow(f'{number:064x}', 'plain', f'{number}.png', 9, meta) for number in range(count)
    ]


def features_of(bits: np.ndarray, dtype: str) -> torch.Tensor:
    features = torch.from_numpy(bits).view(DTYPES[dtype]).view(-1, *SHAPE)
    # memory order of a map that was computed channels first
    return features.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)


def noise(count: int, width: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, width), dtype=np.uint8)


def write(entry: StoreEntry, count: int = 5) -> str:
    """Write a shard in two batches; return its name."""
    rows = make_rows(count)
    features = features_of(noise(count, entry.row_bytes), entry.manifest['dtype'])
    entry.write_shard(shard_name(rows), [(rows[:3], features[:3]), (rows[3:], features[3:])])
    return shard_name(rows)


@pytest.mark.parametrize('dtype, bytes_each', [('float32', 4), ('float16', 2), ('bfloat16', 2)])
def test_every_bit_comes_back(tmp_path, open_store, dtype, bytes_each):
    entry = open_store(tmp_path, dtype, SHAPE)
    assert entry.row_bytes == 24 * bytes_each
    shard = write(entry)
    opened = StoreEntry(entry.folder)
    mapped = opened.mapped(shard)
    assert mapped.tobytes() == noise(5, entry.row_bytes).tobytes()
    assert not mapped.flags.writeable
    assert (opened.shape, opened.dtype) == (SHAPE, DTYPES[dtype])
    assert opened.damage(shard) == ''
    assert opened.index() == {
        row.key: (shard, number, row.meta) for number, row in enumerate(make_rows(5))
    }


def test_mapped_is_not_read_into_memory(entry):
    path = entry.folder / f'{write(entry)}.bin'
    before = len(os.listdir('/proc/self/fd'))
    arrays = [entry.mapped(path.stem) for _ in range(3)]
    assert Path('/proc/self/maps').read_text().count(str(path)) == len(arrays)
    # an open file for each of thousands of shards would be more than most systems allow
    assert len(os.listdir('/proc/self/fd')) == before


def test_same_rows_give_the_same_files(tmp_path, open_store, contents):
    for name in ('one', 'other'):
        write(open_store(tmp_path / name, shape=SHAPE))
    assert contents(tmp_path / 'one') == contents(tmp_path / 'other') != {}


def test_name_follows_contents_views_and_order():
    rows = make_rows(3)
    other_files = [replace(row, file='elsewhere', size=1, meta={}) for row in rows]
    assert shard_name(other_files) == shard_name(rows)
    others = [rows[:2], rows[::-1], [replace(rows[0], view='horizontal'), *rows[1:]]]
    assert len({shard_name(some) for some in (rows, *others)}) == 4


def test_nothing_is_left_of_a_write_that_failed(entry):
    rows = make_rows(2)

    def batches():
        yield rows, features_of(noise(2, entry.row_bytes), 'float16')
        raise OSError('no space')

    before = sorted(entry.folder.iterdir())
    with pytest.raises(OSError, match='no space'):
        entry.write_shard(shard_name(rows), batches())
    assert sorted(entry.folder.iterdir()) == before
    assert not entry.has(shard_name(rows))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize('place', [0, 100, -1])
def test_flipped_bit_is_found(entry, place):
    shard = write(entry)
    flip(entry.folder / f'{shard}.bin', place)
    assert entry.damage(shard) == f'{shard}.bin is not what was written (checksum)'


def test_other_length_is_found(entry):
    shard = write(entry)
    path = entry.folder / f'{shard}.bin'
    whole = path.read_bytes()
    for content in (whole[:-1], whole[: entry.row_bytes], whole + b'0', b''):
        path.write_bytes(content)
        assert entry.damage(shard) == f'{shard}.bin has {len(content)} bytes instead of 240'
    path.unlink()
    assert entry.damage(shard) == f'{shard}.bin is missing'


@pytest.mark.parametrize('content', ['', 'garbage', '[]', '{}', '{"rows": 3}', '{"rows": [{}]}'])
def test_unreadable_list_is_found(entry, content):
    shard = write(entry)
    (entry.folder / f'{shard}.json').write_text(content)
    assert entry.damage(shard) == f'{shard}.json is not readable'


def edit(entry: StoreEntry, shard: str, change) -> None:
    path = entry.folder / f'{shard}.json'
    side = json.loads(path.read_text())
    change(side)
    path.write_text(json.dumps(side))


@pytest.mark.parametrize(
    'change',
    [
        lambda side: side['rows'].pop(),
        lambda side: side['rows'].reverse(),
        lambda side: side['rows'][1].update(view='horizontal'),
        lambda side: side['rows'][1].update(sha256='0' * 64),
        lambda side: side['rows'].clear(),
    ],
    ids=['one less', 'other order', 'other view', 'other image', 'none'],
)
def test_edited_list_is_found(entry, change):
    shard = write(entry)
    edit(entry, shard, change)
    assert entry.damage(shard).startswith(f'{shard}.json is not what was written')


def test_edited_meta_is_found(entry):
    """The pipeline's notes reach the data samples, so they belong to the contents."""
    shard = write(entry)
    edit(entry, shard, lambda side: side['rows'][1]['meta'].update(ori_shape=[21, 24]))
    assert entry.damage(shard).startswith(f'{shard}.json is not what was written')


def test_lost_checksum_is_found(entry):
    shard = write(entry)
    edit(entry, shard, lambda side: side.pop('sha256'))
    assert entry.damage(shard) == f'{shard}.json is not readable'


def test_removed_shard_stays_with_processes_that_mapped_it(entry):
    shard = write(entry)
    mapped = entry.mapped(shard)
    entry.remove_shard(shard)
    assert entry.shards() == [] and entry.index() == {}
    assert mapped.tobytes() == noise(5, entry.row_bytes).tobytes()
    entry.remove_shard(shard)  # another process may have been first


def leave(entry: StoreEntry, count: int) -> tuple:
    """Write the files that a process leaves when it is killed at different moments."""
    shard = shard_name(make_rows(count))
    files = [
        entry.folder / f'.{shard}.bin.9.convcut-tmp',
        entry.folder / f'{shard}.bin',
        entry.folder / f'.{shard}.json.123.convcut-tmp',
    ]
    for file in files:
        file.write_bytes(b'half')
    return shard, files


def test_leftovers_are_removed_and_nothing_else(entry, contents):
    write(entry)
    before = contents(entry.folder)
    _, files = leave(entry, 3)
    entry.remove_leftovers()
    assert not any(file.exists() for file in files)
    assert contents(entry.folder) == before
    StoreEntry(entry.folder)


def test_what_another_process_writes_is_no_leftover(entry, hold):
    shard, files = leave(entry, 3)
    _, others = leave(entry, 4)
    process, held = hold(entry.folder, shard)
    assert held
    entry.remove_leftovers()
    assert all(file.exists() for file in files)
    assert not any(file.exists() for file in others)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    entry.remove_leftovers()
    assert not any(file.exists() for file in files)


STRANGE = (
    'notes.json',  # of a user
    'notes.txt',
    '[red].json',
    '0123456789abcdef.txt',
    '0123456789abcdef (copy).bin',
    '.0123456789abcdef.bin.swp',  # of an editor
    '.nfs0000000000000001',  # what a network file system leaves of a deleted file
)


@pytest.fixture
def strange(entry) -> list[Path]:
    """Files and a folder in an entry that are not the store's."""
    write(entry)
    paths = [entry.folder / name for name in STRANGE]
    for path in paths:
        path.write_text('mine')
    (entry.folder / 'fedcba9876543210.bin').mkdir()
    return [*paths, entry.folder / 'fedcba9876543210.bin']


def test_strange_files_do_no_harm_and_stay(entry, strange):
    assert len(entry.shards()) == 1 and len(entry.index()) == 5
    entry.remove_leftovers()
    assert all(path.exists() for path in strange)
    assert entry.summary()['shards'] == 1


def test_a_removed_entry_leaves_what_is_not_the_store_s(entry, strange):
    leave(entry, 3)
    assert remove_entry(entry.folder) == sorted(path.name for path in strange)
    assert sorted(entry.folder.iterdir()) == sorted(strange)


def test_a_removed_entry_leaves_nothing_else(entry):
    write(entry)
    leave(entry, 3)
    assert remove_entry(entry.folder) == []
    assert not entry.folder.exists()


def test_half_a_manifest_is_a_leftover(entry):
    half = entry.folder / '.manifest.json.99.0.convcut-tmp'
    half.write_text('{')
    entry.remove_leftovers()
    assert not half.exists() and (entry.folder / 'manifest.json').exists()


def test_half_removed_entries_are_found(tmp_path, entry, open_store):
    """The manifest is removed first, so that a kill leaves gigabytes without an entry."""
    shard = write(entry)
    open_store(tmp_path, 'float32')
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'lock').touch()
    assert abandoned(tmp_path) == []
    (entry.folder / 'manifest.json').unlink()
    assert (entry.folder / f'{shard}.bin').exists()
    assert abandoned(tmp_path) == [entry.folder]
    assert remove_entry(entry.folder) == [] and abandoned(tmp_path) == []


def test_an_entry_in_use_is_not_removed(entry, contents, use):
    write(entry)
    process = use(entry.folder)
    before = contents(entry.folder)
    assert remove_entry(entry.folder) is None
    assert contents(entry.folder) == before and StoreEntry(entry.folder).shape == SHAPE
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert remove_entry(entry.folder) == []


def test_an_entry_that_has_just_been_removed_is_named(entry):
    (entry.folder / 'manifest.json').unlink()
    with pytest.raises(ConvcutError, match=f'{entry.folder}: was removed at this moment'):
        entry.use()


def test_an_entry_is_opened_again(tmp_path, open_store, entry):
    manifest = entry.folder / 'manifest.json'
    before = manifest.read_bytes(), manifest.stat().st_mtime_ns
    again = open_store(tmp_path, shape=SHAPE)
    assert again.folder == entry.folder and again.shape == SHAPE
    assert (manifest.read_bytes(), manifest.stat().st_mtime_ns) == before
    others = [
        open_store(tmp_path, 'float32', SHAPE),
        open_store(tmp_path, shape=SHAPE, weights='b'),
        open_store(tmp_path, shape=(2, 4, 3)),
    ]
    assert len({one.folder for one in (entry, *others)}) == 4
    assert entry.folder.name.startswith('net-')


def test_entries_are_those_that_can_be_read(tmp_path, open_store, entry):
    other = open_store(tmp_path, 'float32')
    old = tmp_path / 'old'
    old.mkdir()
    (old / 'manifest.json').write_text('{"format_version": 0}')
    (tmp_path / 'no entry').mkdir()
    readable, unreadable = entries(tmp_path)
    assert {one.folder for one in readable} == {entry.folder, other.folder}
    assert list(unreadable) == [old] and 'format version 0' in unreadable[old]
    with pytest.raises(ConvcutError, match='nowhere: no such folder'):
        entries(tmp_path / 'nowhere')


def test_rows_of_a_shard_are_few_enough():
    def rows(*shape):
        entry = StoreEntry.__new__(StoreEntry)
        entry.manifest = dict(shape=shape, dtype='float32')
        return entry.rows_per_shard, entry.row_bytes

    assert rows(2, 2, 24) == (SHARD_ROWS, 384)
    count, each = rows(14, 14, 512)
    assert SHARD_BYTES - each < count * each <= SHARD_BYTES
    assert rows(1000, 1000, 100)[0] == 1


def test_summary(entry):
    write(entry)
    rows = [replace(row, view='horizontal') for row in make_rows(2)]
    features = features_of(noise(2, entry.row_bytes), 'float16')
    entry.write_shard(shard_name(rows), [(rows, features)])
    os.utime(entry.folder / 'manifest.json', (0, 0))
    found = entry.summary()
    assert (found['views'], found['images'], found['shards']) == (7, 5, 2)
    assert found['bytes'] > 7 * entry.row_bytes and found['used'].startswith(('1970', '1969'))
    entry.touch()
    assert entry.used > 1e9


def test_too_little_room_is_named(tmp_path):
    assert check_room(tmp_path, 1) > 1
    with pytest.raises(ConvcutError) as error:
        check_room(tmp_path, 1 << 60)
    text = str(error.value)
    assert text.startswith(f'{tmp_path}: the features take 1.2 EB, only ')
    assert '--cache-features DIR' in text and '\n' not in text
