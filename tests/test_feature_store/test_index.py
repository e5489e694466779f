"""The index of an entry: where each row is, in few bytes a row."""

import tracemalloc

import pytest

from convcut_mm.feature_store.index import StoreIndex
from convcut_mm.feature_store.row import StoredRow


def make_rows(first: int, count: int, **meta) -> list[StoredRow]:
    return [
        StoredRow(
            f'{number:064x}', view, f'folder/image{number}.png', 9, dict(shape=[20, 24], **meta)
        )
        for number in range(first, first + count)
        for view in ('plain', 'horizontal before 2')
    ]


def test_rows_are_found_by_image_and_view():
    index = StoreIndex()
    first, second = make_rows(0, 3), make_rows(3, 2, scale=0.5)
    index.add('a', first)
    index.add('b', second)
    assert index == {
        row.key: (shard, number, row.meta)
        for shard, rows in (('a', first), ('b', second))
        for number, row in enumerate(rows)
    }
    assert len(index) == 10 and list(index) == [row.key for row in (*first, *second)]
    assert index.metas == [dict(shape=[20, 24]), dict(shape=[20, 24], scale=0.5)]
    assert (f'{9:064x}', 'plain') not in index and (first[0].sha256, 'vertical') not in index
    with pytest.raises(KeyError):
        index[f'{9:064x}', 'plain']


def test_of_equal_rows_the_last_is_found():
    index = StoreIndex()
    index.add('a', make_rows(0, 2))
    index.add('b', make_rows(1, 1))
    assert len(index) == 4
    assert [index[f'{number:064x}', 'plain'][:2] for number in (0, 1)] == [('a', 0), ('b', 0)]


@pytest.mark.parametrize('sha256', ['', 'ab', 'x' * 64, 'a' * 63, None, 7])
def test_what_is_no_hash_adds_nothing(sha256):
    index = StoreIndex()
    rows = make_rows(0, 1)
    with pytest.raises((ValueError, TypeError)):
        index.add('a', [*rows, StoredRow(sha256, 'plain', '', 0)])
    assert len(index) == 0
    index.add('b', rows)
    assert index[rows[0].key] == ('b', 0, rows[0].meta)


def test_a_row_takes_few_bytes():
    """Each process of a training reads the whole index: half a million rows, eight processes."""
    index, count = StoreIndex(), 5000
    tracemalloc.start()
    try:
        for first in range(0, count, 500):
            index.add(f'{first:016x}', make_rows(first, 500))
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(index) == 2 * count and len(index.metas) == 1
    assert used / len(index) < 320
