"""Photos of every kind: with a face, without one, no photo at all, far too large."""

import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope='session')
def photos(tmp_path_factory) -> dict:
    """{name: path}; the face is scikit-image's astronaut."""
    data = pytest.importorskip('skimage.data')
    folder = tmp_path_factory.mktemp('photos')
    astronaut = data.astronaut()
    Image.fromarray(astronaut).save(folder / 'astronaut.png')
    both = np.concatenate([astronaut[:260, 60:400], astronaut[:260, 400:59:-1]], axis=1)
    Image.fromarray(both).save(folder / 'two.png')
    ramp = np.linspace(0, 255, 480).astype(np.uint8)
    Image.fromarray(np.tile(ramp, (360, 1))).save(folder / 'wall.jpg')
    (folder / 'notes.txt').write_text('not a photo\n' * 50)
    (folder / 'letter.jpg').write_text('not a photo either\n' * 50)
    noise = np.random.default_rng(0).integers(0, 256, (2650, 2650, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / 'huge.png', compress_level=0)
    assert (folder / 'huge.png').stat().st_size > 20 * 2**20
    Image.new('1', (8000, 8000)).save(folder / 'bomb.png')
    return {path.stem: path for path in folder.iterdir()}


class Server(NamedTuple):
    """The page's server: address, folder of what it keeps, its process."""

    url: str
    folder: Path
    fork: object


@pytest.fixture(scope='session')
def server(tiny_model, fork_tool, free_port, tmp_path_factory):
    """Starts the page."""
    pytest.importorskip('gradio')
    pytest.importorskip('skimage')
    config, checkpoint = tiny_model()
    port = free_port()
    models = (
        *('--model', 'small', config, checkpoint),
        *('--model', 'another', config, checkpoint),
    )
    folder = tmp_path_factory.mktemp('page')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(folder))
        fork = fork_tool('tools/demo/app.py', '--port', port, *models)
    url = f'http://127.0.0.1:{port}'
    for _ in range(600):
        assert fork.process.is_alive(), fork.log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).read()
            break
        except OSError:
            time.sleep(0.1)
    yield Server(url, folder, fork)
    fork.process.terminate()
    fork.wait(60)
    assert not list(folder.iterdir())  # nothing of the visitors stays


@pytest.fixture(scope='session')
def page(server) -> str:
    """Its address."""
    return server.url
