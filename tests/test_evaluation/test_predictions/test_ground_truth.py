"""Matching predictions to the images of a test set."""

import pytest

from convcut_mm import ConvcutError
from convcut_mm.evaluation import match_images

NAMES = ['a.png', 'b.png', 'c.png']


def test_order_and_folders():
    given = ['c.png', 'some/where/a.png', r'C:\faces\b.png']
    assert match_images(given, NAMES, 'p.csv').tolist() == [1, 2, 0]
    # names that need a folder
    names = ['fear/1.png', 'anger/1.png']
    assert match_images(['test/anger/1.png', 'fear/1.png'], names, 'p.csv').tolist() == [1, 0]


@pytest.mark.parametrize(
    'given,message',
    [
        (
            ['a.png'],
            'p.csv: 2 images missing that the test data set has (3 images); the first is b',
        ),
        (['b.png', 'a.png'], 'p.csv: 1 image missing'),
        ([*NAMES, 'd.png', 'x/e.png'], 'p.csv: 2 images that the test data set does not have'),
        ([*NAMES, 'x/b.png'], 'two predictions for the image b.png (lines 12 and 14)'),
    ],
)
def test_other_images(given, message):
    with pytest.raises(ConvcutError) as error:
        match_images(given, NAMES, 'p.csv', [11, 12, 13, 14, 15][: len(given)])
    assert message in str(error.value)
