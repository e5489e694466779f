"""Read images and labels of a config's test set, and match predictions to them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from ...errors import ConvcutError
from .csv_file import read_csv
from .predictions import (
    SUFFIXES,
    Predictions,
    image_names,
    load_predictions,
    marked_copies,
)


@dataclass
class GroundTruth:
    """The images, labels and classes of a test set.

    Attributes:
        names: Unique names of the image files; see :func:`image_names`.
        labels: True classes, integers of shape (N, ).
        classes: Names of the classes.
        title: A short description of the test set.
        duplicate: See :class:`Predictions`. Defaults to None: not looked for.
    """

    names: list[str]
    labels: np.ndarray
    classes: tuple[str, ...]
    title: str
    duplicate: np.ndarray | None = None


def ground_truth(cfg: Config, where: str | Path) -> GroundTruth:
    """Build the data set of ``test_dataloader`` and read its names and labels.

    Args:
        cfg (Config): The config.
        where (str | Path): The config file, for error messages.

    Returns:
        GroundTruth: In the data set's order.

    Raises:
        ConvcutError: There is no test set, or it has no image files, classes or single labels.
    """
    if cfg.get('test_dataloader') is None:
        raise ConvcutError(f'{where}: has no test_dataloader')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'lazy_init': False})
    classes = dataset.metainfo.get('classes')
    if not classes:
        raise ConvcutError(f'{where}: the test data set has no class names in its metainfo')
    paths, labels, items = [], [], []
    for index in range(len(dataset)):
        item = dataset.get_data_info(index)
        label = np.asarray(item.get('gt_label', []))
        if 'img_path' not in item or label.size != 1 or not 0 <= label.item() < len(classes):
            raise ConvcutError(
                f'{where}: image {index} of the test data set has no file or not exactly one label'
            )
        paths.append(item['img_path'])
        labels.append(int(label.item()))
        items.append(item)
    title = [type(dataset).__name__, str(getattr(dataset, 'split', ''))]
    for key in ('rule', 'label_source'):
        if key in dataset.metainfo:
            title.append(f'{key} {dataset.metainfo[key]}')
    return GroundTruth(
        image_names(paths, where),
        np.array(labels),
        tuple(classes),
        ', '.join(part for part in title if part),
        marked_copies(items),
    )


def predictions_for(path: str | Path, truth: GroundTruth) -> Predictions:
    """Read predictions for exactly the images of a test set.

    Args:
        path (str | Path): A .csv file (see :func:`read_csv`) or a .npz or .pkl file of
            ``tools/test.py --out``.
        truth (GroundTruth): The test set. Its labels are used, even if the file has others.

    Returns:
        Predictions: In the test set's order, with its labels.

    Raises:
        ConvcutError: The file cannot be read, or has other images or classes.
    """
    suffix = Path(path).suffix.lower()
    if suffix == '.csv':
        names, probabilities, lines = read_csv(path, truth.classes)
        at = match_images(names, truth.names, path, lines)
    elif suffix in SUFFIXES:
        predictions = load_predictions(path, truth.classes)
        probabilities = predictions.probabilities
        at = match_images(predictions.names, truth.names, path)
        differing = int((predictions.labels[at] != truth.labels).sum())
        if differing:
            print_log(
                f'{path}: has other labels for {differing} images; those of the config are used',
                logger='current',
                level=logging.WARNING,
            )
    else:
        raise ConvcutError(f'{path}: expected predictions as .csv, .npz or .pkl')
    return Predictions(
        truth.names, truth.labels, probabilities[at], truth.classes, truth.duplicate
    )


def match_images(
    given: Sequence[str],
    names: Sequence[str],
    where: str | Path,
    lines: Sequence[int] | None = None,
) -> np.ndarray:
    """Find each image of the test set among the given ones; both must be the same images.

    Args:
        given (Sequence[str]): Names or paths of the predictions' images. Folders above the name
            don't matter.
        names (Sequence[str]): Names of the test set's images.
        where (str | Path): File of the given names, for error messages.
        lines (Sequence[int], optional): Lines of the given names in that file, for error messages.

    Returns:
        np.ndarray: Integers of shape (N, ), such that ``given[result[i]]`` is ``names[i]``.

    Raises:
        ConvcutError: An image is missing, unknown or given twice.
    """
    wanted = set(names)
    found: dict[str, int] = {}
    unknown = []
    for index, path in enumerate(given):
        name = _known_name(path, wanted)
        if name is None:
            unknown.append(path)
        elif name in found:
            at = '' if lines is None else f' (lines {lines[found[name]]} and {lines[index]})'
            raise ConvcutError(f'{where}: two predictions for the image {name}{at}')
        else:
            found[name] = index
    missing = [name for name in names if name not in found]
    for images, problem in (
        (unknown, 'that the test data set does not have'),
        (missing, 'missing that the test data set has'),
    ):
        if images:
            raise ConvcutError(
                f'{where}: {len(images)} {"image" if len(images) == 1 else "images"} {problem} '
                f'({len(names)} images); the first is {images[0]}'
            )
    return np.array([found[name] for name in names])


def _known_name(path: str, names: set[str]) -> str | None:
    parts = PurePosixPath(path.replace('\\', '/')).parts
    endings = ('/'.join(parts[start:]) for start in range(len(parts)))
    return next((ending for ending in endings if ending in names), None)
