"""Whose files a run may replace: those of earlier runs, and no others."""

import pytest

from convcut_mm.apis.inputs.sources import list_sources
from convcut_mm.apis.outputs.earlier import check_folder
from convcut_mm.apis.outputs.journal import JOURNAL
from convcut_mm.errors import ConvcutError


@pytest.fixture
def sources(tmp_path):
    (tmp_path / 'in' / 'more').mkdir(parents=True)
    for name in ('in/photo.jpg', 'in/more/photo.png', 'in/clip.mp4'):
        (tmp_path / name).write_bytes(b'x')
    return list_sources(str(tmp_path / 'in'))


@pytest.mark.parametrize(
    'name',
    ['photo.png', 'photo-2.png', 'clip.mp4', 'clip_timeline.svg', 'predictions.csv'],
)
def test_a_file_of_the_users_own(sources, tmp_path, name):
    check_folder(tmp_path / 'out', sources)
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'notes.txt').write_text('mine')
    check_folder(out, sources)
    (out / name).write_text('mine')
    with pytest.raises(ConvcutError, match=f'{name}: would be written over, and no earlier run'):
        check_folder(out, sources)
    if name.startswith('photo'):
        check_folder(out, sources, pictures=False)
    (out / JOURNAL).write_text('')  # of a run that was killed
    check_folder(out, sources)
    (out / JOURNAL).unlink()
    (out / 'predictions.jsonl').write_text('{"input": "photo.jpg"}\n')
    check_folder(out, sources)


@pytest.mark.parametrize('content', ['{"text": "mine"}\n', 'mine', '1\n', 'x' * 2_000_000])
def test_a_table_of_another_program(sources, tmp_path, content):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'predictions.jsonl').write_text(content)
    with pytest.raises(ConvcutError, match='predictions.jsonl: would be written over'):
        check_folder(out, sources)
