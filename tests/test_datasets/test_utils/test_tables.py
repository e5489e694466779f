"""Lists, tables and folders from outside: each mistake is one line with file and line."""

import os

import pytest

from convcut_mm.datasets.utils.image_folder import check_listed, image_files
from convcut_mm.datasets.utils.tables import (
    LINE_BYTES,
    LIST_BYTES,
    csv_rows,
    plain_name,
    shown,
    whole_number,
)
from convcut_mm.errors import ConvcutError


def refused(call, *message: str) -> None:
    with pytest.raises(ConvcutError) as error:
        call()
    text = str(error.value)
    assert '\n' not in text and len(text) < 400
    for part in message:
        assert part in text


@pytest.mark.parametrize(
    'content, message',
    [
        (b'a,1\ncaf\xe9,2\n', 'line 2: not UTF-8 text'),
        ('a,1\n'.encode('utf-16'), 'line 1: not UTF-8 text'),
        (b'a,1\nb\0,2\n', 'line 2: a NUL byte'),
        (b'a,1\n' + b'x' * 200_000, 'line 2: longer than'),
        (b'a,"' + b'x,\n' * 100_000, 'expected comma-separated fields (field larger than'),
        (b'a,"1\nb,2\n', 'expected comma-separated fields (unexpected end of data)'),
        (b'a,1\rb,2\r', 'line 1: expected comma-separated fields (new-line'),
    ],
)
def test_bad_tables(tmp_path, content, message):
    path = tmp_path / 'label.csv'
    path.write_bytes(content)
    refused(lambda: list(csv_rows(path)), str(path), message)


def test_not_a_plain_file_and_too_large_a_file(tmp_path):
    path = tmp_path / 'label.csv'
    refused(lambda: list(csv_rows(path)), f'{path}: no such file')
    os.mkfifo(path)
    refused(lambda: list(csv_rows(path)), f'{path}: not a plain file')
    path.unlink()
    path.touch()
    os.truncate(path, 10 << 30)  # of holes
    refused(lambda: list(csv_rows(path)), f'{10 << 30} bytes, expected a list of at most')
    refused(lambda: list(csv_rows(path, most=None)), 'line 1: longer than')  # and read no further
    assert LINE_BYTES < LIST_BYTES


def test_tables_as_editors_and_spreadsheets_write_them(tmp_path):
    path = tmp_path / 'label.csv'
    path.write_bytes('\ufeffé.png,"1, 2",3\r\n\r\n,,\r\nb.png,,4\r\n\r\n'.encode())
    assert list(csv_rows(path)) == [(1, ['é.png', '1, 2', '3']), (4, ['b.png', '', '4'])]


def test_numbers_and_names():
    assert [whole_number(text) for text in ('7', ' 7 ', '7.0', '7.', '007')] == [7] * 5
    bad = ('', '-1', '+1', '7.5', '1e308', 'nan', 'inf', '1_0', '٧', '0x7', '9' * 400, '1 2')
    assert [whole_number(text) for text in bad] == [None] * len(bad)
    assert all(map(plain_name, ('a.png', '..a.png', 'é b.png')))
    bad = ('', '.', '..', '../a.png', '/a.png', 'a/b.png', 'a\\b.png', 'a\nb.png', 'a\0.png')
    assert not any(map(plain_name, bad))
    assert shown('a\nb') == 'a\\nb' and len(shown('x' * 999)) < 70


def test_what_is_named_like_an_image(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'')
    (tmp_path / '.hidden.jpg').mkdir()
    (tmp_path / 'notes.txt').write_text('')
    (tmp_path / 'more').mkdir()
    (tmp_path / 'link.jpg').symlink_to(tmp_path / 'a.jpg')
    assert [path.name for path in image_files(tmp_path)] == ['a.jpg', 'link.jpg']
    odd = {
        'folder.jpg': (lambda path: path.mkdir(), 'a folder'),
        'fifo.jpg': (os.mkfifo, 'no plain file'),
        'loop.jpg': (lambda path: path.symlink_to(path), 'a link to nothing'),
        'dead.jpg': (lambda path: path.symlink_to('nowhere'), 'a link to nothing'),
    }
    for name, (make, what) in odd.items():
        path = tmp_path / name
        make(path)
        refused(lambda: image_files(tmp_path), f'{path}: {what}, expected an image')  # noqa: B023
        listed = ['a.jpg', name]
        refused(lambda: check_listed(tmp_path, listed, 'label.csv'), f'{path}: listed in', what)  # noqa: B023
        path.rmdir() if path.is_dir() else path.unlink()
    check_listed(tmp_path, ['a.jpg', 'link.jpg'], 'label.csv')
    loop = tmp_path / 'loop'
    loop.symlink_to(loop)
    refused(lambda: image_files(loop), f'{loop}: ', 'expected a folder of images')


@pytest.mark.skipif(os.geteuid() == 0, reason='root reads every folder')
def test_a_folder_without_permissions(tmp_path):
    folder = tmp_path / 'anger'
    folder.mkdir(mode=0)
    refused(lambda: image_files(folder), f'{folder}: Permission denied')
