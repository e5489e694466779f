"""Plot the images per class of training and test set: Figure 1A of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmpretrain.datasets import BaseDataset

from ..apis.load_classifier import read_model_config
from ..datasets.builder import build_dataset
from ..datasets.fer_dataset import FERDataset
from ..utils.colours import OKABE_ITO
from ..utils.plotting import new_figure, styled

COLUMNS = 2
BAR = 0.3  # inches


@dataclass
class ClassDistribution:
    """The number of images of each class of a data set.

    Attributes:
        name: The data set.
        classes: Class names in the order of the labels.
        counts: Images of each class, (C,), by the name of the split.
    """

    name: str
    classes: tuple[str, ...]
    counts: dict[str, np.ndarray] = field(default_factory=dict)


def class_distribution(
    config_file: str | Path, name: str | None = None, cfg_options: dict[str, Any] | None = None
) -> ClassDistribution:
    """Count the images of a config's training and test set.

    The part of the training split that is held out for validation counts as training, as in the
    data set's own tables.

    Args:
        config_file (str | Path): Config file with a ``test_dataloader``.
        name (str, optional): Title of the data set. Defaults to its type and, if any, its rule.
        cfg_options (dict, optional): Settings that override the config's.
    """
    config = read_model_config(config_file, cfg_options)
    counts = {}
    for use in ('train', 'test'):
        loader = config.get(f'{use}_dataloader')
        if loader is not None:
            dataset = _whole_split(loader.dataset)
            split = getattr(dataset, 'split', use)
            title = use if split == use else f'{use} (split "{split}")'
            counts[title] = np.bincount(
                dataset.get_gt_labels(), minlength=len(dataset.metainfo.get('classes') or ())
            )
    classes = dataset.metainfo.get('classes') or range(max(map(len, counts.values())))
    if name is None:
        rule = dataset.metainfo.get('rule')
        name = type(dataset).__name__ + (f', {rule} rule' if rule else '')
    return ClassDistribution(name, tuple(map(str, classes)), counts)


def _whole_split(settings: dict[str, Any]) -> BaseDataset:
    dataset = build_dataset(settings, lazy_init=True)
    changes = dict(part=None) if isinstance(dataset, FERDataset) else {}
    return build_dataset(settings, **changes)


@styled
def plot_class_distribution(distributions: Sequence[ClassDistribution]) -> Figure:
    """Plot one panel of horizontal bars for each data set.

    Args:
        distributions (Sequence[ClassDistribution]): The data sets.

    Returns:
        Figure: Classes from top to bottom, a bar for each split with count and per cent.
    """
    columns = min(COLUMNS, len(distributions))
    rows = -(-len(distributions) // columns)
    bars = max(len(item.classes) * len(item.counts) for item in distributions)
    figure = new_figure(6.2 * columns, rows * (1.5 + BAR * bars))
    panels = figure.subplots(rows, columns, squeeze=False)
    for panel, item in zip(panels.flat, distributions):
        _plot_panel(panel, item)
    for panel in panels.flat[len(distributions) :]:
        panel.set_axis_off()
    return figure


def _plot_panel(panel: Axes, item: ClassDistribution) -> None:
    places = np.arange(len(item.classes))
    height = 0.8 / len(item.counts)
    for number, (split, counts) in enumerate(item.counts.items()):
        total = counts.sum()
        bars = panel.barh(
            places + (number - (len(item.counts) - 1) / 2) * height,
            counts,
            height,
            color=OKABE_ITO[number],
            label=f'{split}: {total:,} images',
        )
        texts = [f'{count:,}  ({100 * count / max(total, 1):.1f} %)' for count in counts]
        panel.bar_label(bars, texts, padding=3, fontsize=10)
    panel.set_yticks(places, item.classes)
    panel.invert_yaxis()  # the first class on top
    panel.tick_params('y', length=0)
    panel.margins(x=0.3, y=0.02)  # room for the text beside the longest bar
    panel.xaxis.set_major_formatter('{x:,.0f}')
    panel.set_xlabel('images')
    panel.set_title(item.name, loc='left', pad=34)
    # between title and bars, where no bar can reach it
    panel.legend(
        loc='lower left', bbox_to_anchor=(0, 1), ncols=len(item.counts), borderaxespad=0.2
    )
