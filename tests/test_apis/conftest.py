"""A photograph, and inferencers on small networks."""

import numpy as np
import pytest


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
