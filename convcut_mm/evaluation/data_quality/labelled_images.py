"""The images of all splits of a data set, with their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import FERDataset, FERPlus
from ...datasets.builder import build_dataset
from ...datasets.utils.face_tree import SPLIT_FOLDERS
from ...errors import ConvcutError
from ...utils.image_files import TRAINING_SUFFIXES


@dataclass
class LabelledImages:
    """N images of some splits.

    Attributes:
        title: The data set.
        paths: Image files, sorted.
        splits: Names of the splits; images of all others are compared with the first's.
        split: Split of each image, (N,) int.
        classes: Names of the classes.
        labels: Class of each image, (N,) int; -1 for those that the data set leaves out.
        votes: FERPlus's votes on each image, (N, 10); None for other data sets.
        rule: FERPlus's rule; '' for other data sets.
    """

    title: str
    paths: list[str]
    splits: tuple[str, ...]
    split: np.ndarray
    classes: tuple[str, ...]
    labels: np.ndarray
    votes: np.ndarray | None = None
    rule: str = ''


def images_of_config(settings: dict[str, Any], where: str | Path) -> LabelledImages:
    """List the images of every split of a config's data set that is there, none of it held out.

    Args:
        settings: The ``dataset`` of a loader; its rule and classes hold for all splits.
        where: The config, for messages.

    Raises:
        ConvcutError: The data set is none of this package's, or a file is missing or malformed.
    """
    dataset = build_dataset(settings, lazy_init=True)
    if not isinstance(dataset, FERDataset):
        raise ConvcutError(
            f'{where}: its data set is a {type(dataset).__name__}, which has no known splits; '
            'name the folders of its splits instead'
        )
    whole = dict(part=None, duplicates='keep', class_ordered=False)
    paths, split, labels, votes = [], [], [], []
    present = dataset.splits_there()
    for number, name in enumerate(present):
        one = build_dataset(settings, split=name, **whole)
        label = {}
        for index in range(len(one)):
            item = one.get_data_info(index)
            label[item['img_path']] = int(item['gt_label'])
        found = one.split_paths()[name]
        paths += found
        split += [number] * len(found)
        labels += [label.get(path, -1) for path in found]
        if isinstance(one, FERPlus):
            given = dict(zip(*one.read_votes()))
            votes += [given.get(Path(path).name, np.zeros(10, int)) for path in found]
        dataset = one
    classes = tuple(map(str, dataset.metainfo.get('classes') or ()))
    rule = dataset.metainfo.get('rule')
    title = type(dataset).__name__ + (f', rule {rule}' if rule else '')
    images = _sorted(title, paths, tuple(present), split, classes, labels)
    if votes:
        order = sorted(range(len(paths)), key=paths.__getitem__)
        images.votes, images.rule = np.array(votes)[order], str(rule)
    return images


def images_of_folders(folders: Sequence[str]) -> LabelledImages:
    """List all images below some folders; the folder of an image is its class.

    Args:
        folders: One folder with ``train/`` and others in it, whose names are the splits, or the
            folders of the splits; one folder without these is one split. A folder with
            ``FER2013Train`` is FERPlus.

    Raises:
        ConvcutError: A folder does not exist or holds no images.
    """
    if len(folders) == 1 and (Path(folders[0]) / 'FER2013Train').is_dir():
        settings = dict(type=FERPlus.__name__, data_root=folders[0])
        return images_of_config(settings, folders[0])
    splits: list[str] = []
    paths, split, names = [], [], []
    known = {name for some in SPLIT_FOLDERS.values() for name in some}
    for folder in folders:
        root = Path(folder)
        if not root.is_dir():
            raise ConvcutError(
                f'{root}: no such folder; unpack zip files and fer2013.csv by convcut '
                'convert-ferplus'
            )
        found = sorted(
            path
            for path in root.rglob('*')
            if path.suffix.lower() in TRAINING_SUFFIXES and path.is_file()
        )
        if not found:
            raise ConvcutError(f'{root}: no images in it ({", ".join(TRAINING_SUFFIXES)})')
        for path in found:
            first = path.relative_to(root).parts[0]
            name = first if len(folders) == 1 and first in known else folder
            if name not in splits:
                splits.append(name)
            paths.append(f'{path}')
            split.append(splits.index(name))
            names.append(path.parent.name)
    if 'train' in splits:  # others are compared with it
        order = ['train', *(name for name in splits if name != 'train')]
        split = [order.index(splits[number]) for number in split]
        splits = order
    classes = tuple(sorted(set(names)))
    labels = [classes.index(name) for name in names]
    return _sorted(' and '.join(folders), paths, tuple(splits), split, classes, labels)


def _sorted(
    title: str,
    paths: list[str],
    splits: tuple[str, ...],
    split: list[int],
    classes: tuple[str, ...],
    labels: list[int],
) -> LabelledImages:
    order = sorted(range(len(paths)), key=paths.__getitem__)
    return LabelledImages(
        title,
        [paths[i] for i in order],
        splits,
        np.array(split, dtype=int)[order],
        classes,
        np.array(labels, dtype=int)[order],
    )
