"""Images per class: counted in folders with known numbers, plotted as bars with counts."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from convcut_mm.errors import ConvcutError
from convcut_mm.visualization.class_distribution import (
    ClassDistribution,
    class_distribution,
    plot_class_distribution,
)

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
TRAIN = (5, 2, 3, 11, 4, 6, 8)
TEST = (1, 2, 0, 4, 1, 3, 2)


@pytest.fixture
def config(tmp_path):
    """RAF-DB in named folders, which sort in another order than its labels."""
    noise = np.random.default_rng(0)
    for split, numbers in (('train', TRAIN), ('test', TEST)):
        for name, number in zip(CLASSES, numbers):
            folder = tmp_path / 'data' / split / name
            folder.mkdir(parents=True)
            for i in range(number):
                pixels = noise.integers(0, 256, (8, 8, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f'{split}_{name}_{i}.jpg')
    path = tmp_path / 'own.py'
    path.write_text(
        'custom_imports = dict(imports=["convcut_mm"])\n'
        f'data = dict(type="RAFDB", data_root={str(tmp_path / "data")!r})\n'
        'train_dataloader = dict(dataset=dict(**data, split="train", part="fit"))\n'
        'test_dataloader = dict(dataset=dict(**data, split="test"))\n'
    )
    return path


def test_counts_of_whole_splits_in_label_order(config):
    item = class_distribution(config)
    assert item.name == 'RAFDB' and item.classes == CLASSES
    # what is held out of train is counted with it
    assert {split: tuple(counts) for split, counts in item.counts.items()} == {
        'train': TRAIN,
        'test': TEST,
    }


def test_the_split_that_is_tested_on_is_named(config):
    item = class_distribution(config, 'RAF-DB', {'test_dataloader.dataset.split': 'train'})
    assert item.name == 'RAF-DB'
    assert tuple(item.counts['test (split "train")']) == TRAIN


def test_a_missing_folder_is_named(config):
    with pytest.raises(ConvcutError, match='nowhere: no such folder'):
        class_distribution(config, None, {'test_dataloader.dataset.data_root': 'nowhere'})


def test_bars_counts_and_names(legible):
    item = ClassDistribution(
        'RAF-DB', CLASSES, {'train': np.array(TRAIN) * 1000, 'test': np.array(TEST)}
    )
    figure = plot_class_distribution([item])
    (panel,) = figure.axes
    train, test = panel.containers
    assert [bar.get_width() for bar in train] == [1000 * number for number in TRAIN]
    assert [bar.get_width() for bar in test] == list(TEST)
    assert to_hex(train[0].get_facecolor()) != to_hex(test[0].get_facecolor())
    # first class on top, train above test
    assert [tick.get_text() for tick in panel.get_yticklabels()] == list(CLASSES)
    assert panel.get_ylim()[0] > panel.get_ylim()[1]
    middles = [bar.get_y() + bar.get_height() / 2 for bar in (train[0], test[0], train[1])]
    assert middles == sorted(middles)
    texts = [text.get_text() for text in panel.texts]
    assert texts[3] == '11,000  (28.2 %)' and texts[len(CLASSES) + 2] == '0  (0.0 %)'
    assert panel.get_xlabel() == 'images' and panel.get_title('left') == 'RAF-DB'
    assert [text.get_text() for text in panel.get_legend().get_texts()] == [
        'train: 39,000 images',
        'test: 13 images',
    ]
    legible(figure)


def test_a_panel_for_each_data_set(legible):
    items = [
        ClassDistribution(name, CLASSES, {'train': np.array(TRAIN), 'test': np.array(TEST)})
        for name in ('one', 'two', 'three')
    ]
    figure = plot_class_distribution(items)
    assert [panel.get_title('left') for panel in figure.axes if panel.axison] == [
        'one',
        'two',
        'three',
    ]
    legible(figure)
