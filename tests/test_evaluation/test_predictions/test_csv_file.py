"""CSV files of predictions: both formats, and files with mistakes."""

import numpy as np
import pytest

from convcut_mm import ConvcutError
from convcut_mm.evaluation import read_csv

CLASSES = ('happy', 'sad', 'neutral')


def read(folder, text: str, encoding: str = 'utf-8') -> tuple:
    path = folder / 'p.csv'
    path.write_bytes(text.encode(encoding))
    return read_csv(path, CLASSES)


def test_probabilities_in_any_order_of_columns(tmp_path):
    files, probabilities, lines = read(
        tmp_path, 'sad, file ,neutral,happy\n0.5,a.png,0.25,0.1\n\n3,"b, c.png",0,1e-3\n'
    )
    assert files == ['a.png', 'b, c.png'] and lines == [2, 4]
    np.testing.assert_array_equal(probabilities, [[0.1, 0.5, 0.25], [1e-3, 3, 0]])


def test_labels_by_name_or_number(tmp_path):
    # as a spreadsheet saves it: a mark in front, Windows line ends
    files, probabilities, _ = read(tmp_path, 'file,label\r\na.png,sad\r\nb.png,2\r\n', 'utf-8-sig')
    assert files == ['a.png', 'b.png']
    np.testing.assert_array_equal(probabilities, [[0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    'text,named',
    [
        ('', 'empty'),
        ('file,label\n', 'no predictions below the header'),
        ('name,label\na.png,sad\n', 'line 1: no column "file"'),
        ('file,happy,sad\na.png,1,0\n', 'line 1: no column "neutral"'),
        ('file,happy,sad,neutral,rage\na.png,1,0,0,0\n', 'line 1: unknown column "rage"'),
        ('file,label,happy\na.png,sad,1\n', 'line 1: unknown column "happy"'),
        ('file,label,label\na.png,sad,sad\n', 'line 1: more than one column "label"'),
        ('a.png,sad\nb.png,happy\n', 'line 1: no column "file"'),
        ('file,label\na.png,sad\nb.png,Sad\n', 'line 3: unknown class "Sad"'),
        ('file,label\na.png,3\n', 'line 2: unknown class "3"'),
        ('file,label\na.png,-1\n', 'line 2: unknown class "-1"'),
        ('file,label\na.png\n', 'line 2: 1 fields, the header has 2'),
        ('file,label\n,sad\n', 'line 2: no file name'),
        ('file,happy,sad,neutral\na.png,1,x,0\n', 'line 2: "x" for sad is not a number'),
        ('file,happy,sad,neutral\na.png,1,,0\n', 'line 2: "" for sad is not a number'),
        ('file,happy,sad,neutral\na.png,1,nan,0\n', 'line 2: nan for sad'),
        ('file,happy,sad,neutral\na.png,1,0,inf\n', 'line 2: inf for neutral'),
        ('file,happy,sad,neutral\na.png,-0.1,1,0\n', 'line 2: -0.1 for happy'),
        ('file,happy,sad,neutral\na.png,0,0,0\n', 'line 2: zero for every class'),
        ('file,label\n"a.png,sad\n', 'not a CSV file'),
    ],
)
def test_bad_files(text, named, tmp_path):
    with pytest.raises(ConvcutError) as error:
        read(tmp_path, text)
    message = str(error.value)
    assert named in message and str(tmp_path / 'p.csv') in message and '\n' not in message


def test_not_text_and_not_there(tmp_path):
    with pytest.raises(ConvcutError, match='UTF-8'):
        read(tmp_path, 'file,label\nä.png,sad\n', 'latin1')
    with pytest.raises(ConvcutError, match='no such file'):
        read_csv(tmp_path / 'nowhere.csv', CLASSES)
