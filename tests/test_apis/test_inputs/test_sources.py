"""Inputs taken apart into images and videos."""

import base64
import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from convcut_mm.apis.inputs.images import read_image
from convcut_mm.apis.inputs.sources import Source, iter_sources, list_sources
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


@pytest.mark.parametrize('item', ['', '  ', [''], np.array(['a.jpg', ''])])
def test_an_empty_path_is_not_the_current_folder(item):
    with pytest.raises(ConvcutError, match='an empty path; expected a file, folder or URL'):
        list_sources(item)


def test_many_at_once(tmp_path):
    wanted = [Source('a.jpg', 'a.jpg'), Source('b.mp4', 'b.mp4', True)]
    names = ['a.jpg', 'b.mp4']
    many = [tuple(names), (name for name in names), np.array(names), np.array(names, object)]
    pandas = pytest.importorskip('pandas')
    many += [pandas.Series(names, index=[7, 9]), pandas.Series(names, dtype='string')]
    for one in many:
        assert list_sources(one) == wanted
    with pytest.raises(ConvcutError, match=r"give the column of paths: table\['path'\]"):
        list_sources(pandas.DataFrame({'path': names}))
    with pytest.raises(ConvcutError, match='image 1: a float is no image'):
        list_sources(pandas.Series(['a.jpg', np.nan]))
    with pytest.raises(ConvcutError, match='image 0: a list is no image'):
        list_sources([[1, 2], [3, 4]])


def test_a_generator_need_not_end():
    def camera():
        while True:
            yield ARRAY

    sources = iter_sources(camera())
    assert [next(sources).name for _ in range(3)] == ['image 0', 'image 1', 'image 2']


def test_tensors_are_channels_last_from_here_on():
    sources = list_sources(torch.zeros(2, 3, 8, 9))
    assert [source.value.shape for source in sources] == [(8, 9, 3)] * 2
    (source,) = list_sources(torch.zeros(3, 8, 9))
    assert source.value.shape == (8, 9, 3)


def test_urls_of_all_kinds(tmp_path):
    file = tmp_path / 'a b.png'
    Image.fromarray(ARRAY).save(file)
    assert list_sources(file.as_uri()) == [Source(str(file), str(file))]
    assert list_sources(tmp_path.as_uri()) == [Source(str(file), str(file))]
    assert list_sources('HTTPS://E.org/A.jpg')[0].value == 'https://E.org/A.jpg'
    assert list_sources('RTSP://camera/1')[0].is_video
    data = 'data:image/png;base64,' + base64.b64encode(file.read_bytes()).decode()
    (source,) = list_sources(data)
    assert source.name == 'data:image/png;base64' and read_image(source.value).shape == (4, 4, 3)
    for url in ('ftp://e.org/a.jpg', 's3://bucket/a.jpg'):
        with pytest.raises(ConvcutError, match='cannot be read from there; expected http'):
            list_sources(url)
    with pytest.raises(ConvcutError, match='expected file:///PATH'):
        list_sources('file://elsewhere/a.jpg')


def test_open_files(tmp_path):
    Image.fromarray(ARRAY).save(tmp_path / 'a.png')
    buffer = io.BytesIO()
    Image.fromarray(ARRAY).save(buffer, 'PNG')  # and left at its end
    with open(tmp_path / 'a.png', 'rb') as file:
        first, second = list_sources([buffer, file])
        assert (first.name, second.name) == ('image 0', str(tmp_path / 'a.png'))
        for source in (first, second, second, bytearray(buffer.getvalue())):
            assert (read_image(getattr(source, 'value', source)) == ARRAY).all()
    with open(tmp_path / 'a.png', encoding='latin-1') as file:
        with pytest.raises(ConvcutError, match=r"opened as text; open it by open\(path, 'rb'\)"):
            read_image(file)
    (tmp_path / 'a.mp4').touch()
    with open(tmp_path / 'a.mp4', 'rb') as file:
        assert list_sources(file) == [Source(file.name, file.name, True)]


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no pipes')
def test_pipes_in_a_folder_are_named(tmp_path):
    os.mkfifo(tmp_path / 'a.jpg')
    (source,) = list_sources(tmp_path)
    with pytest.raises(ConvcutError, match='a.jpg: a pipe'):
        read_image(source.value)
