"""JSON lines and CSV."""

import csv
import json

import pytest

from convcut_mm.apis.outputs.records import write_tables

FACE = dict(
    box=[1.0, 2.0, 3.5, 4.0],
    detection_score=None,
    label=1,
    expression='fear',
    score=0.7,
    probabilities={'joy, calm': 0.3, 'fear': 0.7},
)
CLASSES = ('joy, calm', 'fear')


def result(**changes) -> dict:
    one = {'input': 'ä.jpg', 'picture': 'ä.png', 'width': 8, 'height': 6, 'faces': []}
    return {**one, 'error': None, **changes}


def table(folder) -> list:
    with open(folder / 'predictions.csv', newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def json_lines(folder) -> list:
    lines = (folder / 'predictions.jsonl').read_text('utf-8').splitlines()
    return [json.loads(line) for line in lines]


def test_both_files(tmp_path):
    second = {**FACE, 'detection_score': 0.12345678}
    results = [
        result(faces=[FACE, second]),
        result(),
        result(error='ä.jpg: not an image', width=None, height=None),
        result(faces=[{**FACE, 'track': 4}], frame=3, time=0.12),
    ]
    write_tables(tmp_path / 'out', iter(results), CLASSES)
    read = json_lines(tmp_path / 'out')
    assert read[0]['faces'][1].pop('detection_score') == 0.123457
    second.pop('detection_score')
    assert read == results
    rows = table(tmp_path / 'out')
    assert [row['face'] for row in rows] == ['1', '2', '', '', '1']
    assert rows[0] | {'face': '2', 'detection_score': '0.123457'} == rows[1]
    first = rows[0]
    assert [first[key] for key in ('x1', 'y1', 'x2', 'y2')] == ['1.0', '2.0', '3.5', '4.0']
    assert (first['expression'], first['score'], first['joy, calm']) == ('fear', '0.7', '0.3')
    assert (rows[2]['input'], rows[2]['error'], rows[2]['fear']) == ('ä.jpg', '', '')
    assert (rows[0]['picture'], rows[3]['error']) == ('ä.png', 'ä.jpg: not an image')
    assert (rows[4]['frame'], rows[4]['time'], rows[4]['track']) == ('3', '0.12', '4')
    assert len(list((tmp_path / 'out').iterdir())) == 2


@pytest.mark.parametrize(
    'name,in_json,in_csv',
    [
        ('caf\udce9.jpg', 'caf\\xe9.jpg', 'caf\\xe9.jpg'),  # Latin-1 on a UTF-8 system
        ('\udcc3\udca4.jpg', 'ä.jpg', 'ä.jpg'),  # UTF-8 in the C locale
        ('=cmd|"/C calc"!A0.jpg', '=cmd|"/C calc"!A0.jpg', '\'=cmd|"/C calc"!A0.jpg'),
        ('+1.jpg', '+1.jpg', "'+1.jpg"),
        ('-1.jpg', '-1.jpg', "'-1.jpg"),
        ('@a.jpg', '@a.jpg', "'@a.jpg"),
        ('a\nb\x1b[31m.jpg', 'a\nb\x1b[31m.jpg', 'a\\nb\\x1b[31m.jpg'),
        ('a,"b".jpg', 'a,"b".jpg', 'a,"b".jpg'),
    ],
)
def test_names_that_are_no_plain_text(tmp_path, name, in_json, in_csv):
    results = [result(input=name, error=f'{name}: broken'), result(faces=[FACE])]
    write_tables(tmp_path, results, CLASSES)
    first, second = json_lines(tmp_path)
    assert (first['input'], first['error']) == (in_json, f'{in_json}: broken')
    rows = table(tmp_path)
    assert (rows[0]['input'], rows[0]['error']) == (in_csv, f'{in_csv}: broken')
    assert rows[1]['input'] == 'ä.jpg' and second['input'] == 'ä.jpg'
    assert (tmp_path / 'predictions.csv').read_bytes().count(b'\n') == 3


def test_classes_of_a_stranger(tmp_path):
    classes = ('=1+1', 'a\udcff')
    face = {**FACE, 'expression': '=1+1', 'probabilities': dict(zip(classes, (0.25, 0.75)))}
    face['box'] = [-1.0, 2.0, 3.0, 4.0]
    write_tables(tmp_path, [result(faces=[face])], classes)
    (row,) = table(tmp_path)
    assert (row["'=1+1"], row['a\\xff'], row['expression']) == ('0.25', '0.75', "'=1+1")
    assert row['x1'] == '-1.0'  # a number is no formula


def test_what_is_no_number_stays_json(tmp_path):
    write_tables(tmp_path, [result(faces=[{**FACE, 'detection_score': float('nan')}])], CLASSES)
    assert json_lines(tmp_path)[0]['faces'][0]['detection_score'] is None


def test_nothing_is_left_after_an_error(tmp_path):
    def results():
        yield result()
        raise KeyError

    with pytest.raises(KeyError):
        write_tables(tmp_path, results(), CLASSES)
    assert list(tmp_path.iterdir()) == []
