"""Inputs taken apart into images and videos."""

import numpy as np
import pytest
from PIL import Image

from convcut_mm.apis.sources import Source, list_sources
from convcut_mm.errors import ConvcutError

ARRAY = np.zeros((4, 4, 3), np.uint8)


def test_folder_by_name_and_below(tmp_path):
    for name in ('b.jpg', 'a.PNG', 'sub/c.mp4', 'notes.txt', '.hidden/d.jpg', '.e.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [str(tmp_path / name) for name in ('a.PNG', 'b.jpg', 'sub/c.mp4')]
    assert (
        list_sources(tmp_path)
        == list_sources(str(tmp_path))
        == [
            Source(names[0], names[0]),
            Source(names[1], names[1]),
            Source(names[2], names[2], True),
        ]
    )


def test_empty_folder(tmp_path):
    (tmp_path / 'notes.txt').touch()
    with pytest.raises(ConvcutError, match='no images or videos in this folder'):
        list_sources(tmp_path)


@pytest.mark.parametrize(
    'item,name,value,is_video',
    [
        ('missing.jpg', 'missing.jpg', 'missing.jpg', False),
        ('no_suffix', 'no_suffix', 'no_suffix', False),
        ('a.MOV', 'a.MOV', 'a.MOV', True),
        ('https://e.org/a.jpg?x=a.mp4', None, None, False),
        ('https://e.org/a.mp4?x=1', None, None, True),
        ('rtsp://camera/1', None, None, True),
        ('webcam', 'webcam:0', 0, True),
        ('webcam:2', 'webcam:2', 2, True),
        (1, 'webcam:1', 1, True),
    ],
)
def test_kinds(item, name, value, is_video):
    assert list_sources(item) == [
        Source(item if name is None else name, item if value is None else value, is_video)
    ]


def test_lists_keep_their_order(tmp_path):
    Image.fromarray(ARRAY).save(tmp_path / 'a.png')
    with Image.open(tmp_path / 'a.png') as image:
        sources = list_sources([ARRAY, 'b.png', Image.fromarray(ARRAY), image, tmp_path])
    path = str(tmp_path / 'a.png')
    assert [source.name for source in sources] == ['image 0', 'b.png', 'image 2', path, path]
    batch = np.stack([ARRAY, ARRAY + 1])
    assert [source.value.max() for source in list_sources(batch)] == [0, 1]
    assert list_sources([]) == []


@pytest.mark.parametrize('item', [None, 1.5, True, {'a': 1}])
def test_no_image(item):
    with pytest.raises(ConvcutError, match='is no image; expected a path'):
        list_sources(item)


def test_no_webcam():
    with pytest.raises(ConvcutError, match='expected webcam or webcam:NUMBER'):
        list_sources('webcam:front')
