"""Sets of configs, and the messages for files with mistakes."""

import pytest

from convcut_mm.ablation import read_set
from convcut_mm.errors import ConvcutError


@pytest.fixture
def write(tmp_path):
    """Write a set beside two configs; return its path."""
    for name in ('a.py', 'b.py', 'other/a.py'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def write(text: str):
        path = tmp_path / 'mine.yml'
        path.write_text(text)
        return path

    return write


def test_read(write):
    path = write("""
title: Mine
metric: single-label/recall
backbone: b.py
rows:
  - {title: first, config: a.py, paper: {RAF-DB: 97.33, FERPlus: 95}}
  - {title: none, config: b.py, reference: true}
beside: {small: table3}
notes: [one, two]
""")
    found = read_set(path)
    assert (found.name, found.title, found.notes) == ('mine', 'Mine', ('one', 'two'))
    assert (found.reference, found.beside) == ('none', {'small': 'table3'})
    assert found.backbone == path.parent / 'b.py' and found.metric == 'single-label/recall'
    first, second = found.rows
    assert first.config == path.parent / 'a.py' and first.paper == {'RAF-DB': 97.33, 'FERPlus': 95}
    assert second.title == 'none' and second.paper == {}


ROW = '{title: x, config: a.py}'


@pytest.mark.parametrize(
    'text, message',
    [
        ('title: [', 'mine.yml: not a YAML file'),
        ('- a', 'mine.yml: expected the file to have the keys'),
        ('title: Mine', 'mine.yml: the file has no "rows"'),
        ('title: Mine\nrows: []', 'mine.yml: expected a list of rows'),
        (f'title: Mine\nrows: [{ROW}]\nseeds: 3', 'unknown key "seeds" in the file'),
        ('title: Mine\nrows: [a.py]', 'expected row 1 to have the keys'),
        (f'title: Mine\nrows: [{ROW}, {{title: y}}]', 'row 2 has no "config"'),
        (f'title: Mine\nrows: [{ROW}, {ROW}]', 'two rows have the title "x"'),
        ('title: Mine\nrows: [{title: x, config: c.py}]', 'c.py: no such config file, named in'),
        (f'title: Mine\nbackbone: other/a.py\nrows: [{ROW}]', 'have the same name'),
        ('title: Mine\nrows: [{title: x, config: a.py, paper: 97}]', 'row 1: expected "paper"'),
        (
            'title: Mine\nrows: [{title: x, config: a.py, paper: {RAF-DB: high}}]',
            'row 1: expected "paper"',
        ),
        (f'title: Mine\nrows: [{ROW}]\nmetric: mean class accuracy', 'expected "metric" to be'),
        (f'title: Mine\nrows: [{ROW}]\nmetric: [accuracy/top1]', 'expected "metric" to be'),
        (f'title: Mine\nrows: [{ROW}]\nbeside: table2', 'expected "beside" to be'),
        (f'title: Mine\nrows: [{ROW}]\nbeside: {{small: table9}}', 'table9: no such file or set'),
        ('title: Mine\nrows: [{title: x, config: a.py, reference: 1}]', 'expected "reference: tr'),
        (
            'title: Mine\nrows: [{title: x, config: a.py, reference: true}, '
            '{title: y, config: a.py, reference: true}]',
            'expected "reference: true" in one row at most',
        ),
        (f'title: Mine\nrows: [{ROW}]\nnotes: all', 'expected a list of sentences'),
    ],
)
def test_bad_sets(write, text, message):
    with pytest.raises(ConvcutError, match=message) as error:
        read_set(write(text))
    assert '\n' not in str(error.value)


def test_unknown_name():
    with pytest.raises(
        ConvcutError, match='table9: .* the sets are attention, attention-small, cut,'
    ):
        read_set('table9')
