"""Faces, broken files and videos to look at."""

import cv2
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope='session')
def astronaut() -> np.ndarray:
    """A photograph with one face, (512, 512, 3); it comes with scikit-image."""
    return pytest.importorskip('skimage.data').astronaut()


@pytest.fixture(scope='session')
def make_inferencer(tiny_model):
    """Makes an inferencer on a small random network; without a detector unless told otherwise."""
    made: dict = {}

    def make(attention='spatial', **options):
        from convcut_mm.apis import ExpressionInferencer

        key = attention, *sorted(options.items())
        if key not in made:
            config, checkpoint = tiny_model(attention)
            options = {'detector': 'none', **options}
            made[key] = ExpressionInferencer(config, checkpoint, **options)
        return made[key]

    return make


@pytest.fixture(scope='session')
def inferencer(make_inferencer):
    """The image is the face."""
    return make_inferencer()


@pytest.fixture(scope='session')
def write_video():
    """Writes frames (H, W, 3), red first, as a video; gives the path."""

    def write(path, frames, rate=10, codec='MJPG'):
        height, width = frames[0].shape[:2]
        file = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate, (width, height))
        assert file.isOpened()
        for frame in frames:
            file.write(np.ascontiguousarray(frame[..., ::-1]))
        file.release()
        return path

    return write


@pytest.fixture(scope='session')
def broken_files():
    """Fills a folder with three files that are no whole images; gives name: what is wrong."""

    def fill(folder) -> dict:
        folder.mkdir(exist_ok=True)
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / 'truncated.jpg')
        content = (folder / 'truncated.jpg').read_bytes()
        (folder / 'truncated.jpg').write_bytes(content[: len(content) // 2])
        (folder / 'empty.png').write_bytes(b'')
        (folder / 'text.jpg').write_text('not a picture')
        return {
            'empty.png': 'an empty file (0 bytes)',
            'text.jpg': 'not an image',
            'truncated.jpg': 'not a whole image file',
        }

    return fill
