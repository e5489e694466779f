"""JSON lines and CSV."""

import csv
import json

import pytest

from convcut_mm.apis.records import record

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
    return {'input': 'ä.jpg', 'width': 8, 'height': 6, 'faces': [], 'error': None, **changes}


def test_both_files(tmp_path):
    second = {**FACE, 'detection_score': 0.12345678}
    results = [
        result(faces=[FACE, second]),
        result(),
        result(error='ä.jpg: not an image', width=None, height=None),
        result(faces=[{**FACE, 'track': 4}], frame=3, time=0.12),
    ]
    with record(tmp_path / 'out', CLASSES) as write:
        for one in results:
            write(one)
    lines = (tmp_path / 'out/predictions.jsonl').read_text('utf-8').splitlines()
    read = [json.loads(line) for line in lines]
    assert read[0]['faces'][1].pop('detection_score') == 0.123457
    second.pop('detection_score')
    assert read == results
    with open(tmp_path / 'out/predictions.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [row['face'] for row in rows] == ['0', '1', '', '', '0']
    assert rows[0] | {'face': '1', 'detection_score': '0.123457'} == rows[1]
    first = rows[0]
    assert [first[key] for key in ('x1', 'y1', 'x2', 'y2')] == ['1.0', '2.0', '3.5', '4.0']
    assert (first['expression'], first['score'], first['joy, calm']) == ('fear', '0.7', '0.3')
    assert (rows[2]['input'], rows[2]['error'], rows[2]['fear']) == ('ä.jpg', '', '')
    assert rows[3]['error'] == 'ä.jpg: not an image'
    assert (rows[4]['frame'], rows[4]['time'], rows[4]['track']) == ('3', '0.12', '4')
    assert len(list((tmp_path / 'out').iterdir())) == 2


def test_nothing_is_left_after_an_error(tmp_path):
    with pytest.raises(KeyError):
        with record(tmp_path, CLASSES) as write:
            write(result())
            raise KeyError
    assert list(tmp_path.iterdir()) == []
