"""Which files may be looked at, and when they are deleted."""

import os

import pytest
from page_parts.uploads import Uploads, own_folder

from convcut_mm.errors import ConvcutError


def put(folder, place: str) -> str:
    file = folder / place
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b'photo')
    return str(file)


def test_only_uploads(tmp_path):
    (tmp_path / 'uploads').mkdir()
    outside = put(tmp_path, 'private.png')
    uploads = Uploads(tmp_path / 'uploads')
    (tmp_path / 'uploads' / 'link.png').symlink_to(outside)
    for path in (outside, tmp_path / 'uploads/link.png', tmp_path / 'uploads', '', 'a\0b', None,
                 f'{tmp_path}/uploads/../private.png', 'http://127.0.0.1/', 'x' * 99):  # fmt: skip
        with pytest.raises(ConvcutError, match='Please upload it again'):
            uploads.take('me', path)


def test_photos_go_with_their_last_visitor(tmp_path):
    example = put(tmp_path, '0/example.png')
    uploads = Uploads(tmp_path)
    one, same, two = (put(tmp_path, name) for name in ('1/one.png', '1/same.png', '2/two.png'))
    for visitor in 'ab':
        assert uploads.take(visitor, one) == one
    uploads.take('a', example)
    assert os.path.exists(one)  # b looks at it
    uploads.take('b', two)
    assert not os.path.exists(one) and os.path.exists(same)
    for visitor in 'ab':
        uploads.leave(visitor)
        uploads.leave(visitor)
    assert not os.path.exists(tmp_path / '2') and os.path.exists(example)


def test_a_folder_for_this_page_alone(tmp_path, monkeypatch):
    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path))
    with own_folder() as folder:
        assert folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700
        assert os.environ['GRADIO_TEMP_DIR'] == str(folder)
    assert not list(tmp_path.iterdir()) and os.environ['GRADIO_TEMP_DIR'] == str(tmp_path)
