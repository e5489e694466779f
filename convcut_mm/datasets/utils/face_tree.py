"""A tree ``class/name.jpg`` of faces: which classes and images it holds, and its three parts.

Nothing is decoded here but by :func:`check_images`.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Union
from unicodedata import category

import numpy as np

from ...errors import ConvcutError
from ...utils.image_files import TRAINING_SUFFIXES, damage
from ...utils.progress import progress
from .image_folder import entries, image_files

SPLITS = ('train', 'val', 'test')
# names of the sub folders that people use
SPLIT_FOLDERS = {'train': ('train',), 'val': ('val', 'valid', 'validation'), 'test': ('test',)}
EXPECTED = 'expected CLASS/NAME.jpg, or the same below train/, val/ and test/'
_NAMED = 3  # files that a message names
# line breaks, escape sequences, bytes that are no UTF-8; marks that turn the direction of a line
_CONTROLS = ('Cc', 'Cs', 'Zl', 'Zp')
_DIRECTIONS = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'


@dataclass(frozen=True)
class FaceTree:
    """What lies in a folder of faces.

    Attributes:
        classes (tuple[str]): Names of the class folders in alphabetical order.
        images (dict): For each part that has a folder, for each class, the paths in order:
            ``{'train': {'anger': [Path, ...], ...}, ...}``. Without such folders all images
            are in 'train'.
        others (tuple[Path]): Files that are no images by their suffix.
    """

    classes: tuple
    images: dict
    others: tuple

    @property
    def paths(self) -> list:
        """Every image."""
        return [path for part in self.images.values() for some in part.values() for path in some]

    def split(self, val_share: float, test_share: float, seed: int) -> dict:
        """The three parts; what has no folder of its own is drawn from train, class by class.

        Of each class at least one image goes to each part. A class's draw depends on its name
        and the number of its images, not on the other classes.

        Args:
            val_share (float): Share of each class that validation gets, between 0 and 1.
            test_share (float): Share of each class that the test gets.
            seed (int): Seed of the draw.

        Returns:
            dict: ``{'train': {class: [Path, ...]}, 'val': ..., 'test': ...}``.

        Raises:
            ConvcutError: A class with fewer images than parts.
        """
        shares = {'test': test_share, 'val': val_share}
        drawn = {name: shares[name] for name in shares if name not in self.images}
        parts = {name: dict(part) for name, part in self.images.items()}
        parts.update((name, {}) for name in drawn)
        for name, paths in self.images['train'].items():
            if len(paths) <= len(drawn):
                *first, last = ['train', *sorted(drawn, reverse=True)]
                raise ConvcutError(
                    f'{paths[0].parent}: only {_count(len(paths))}, at least {len(drawn) + 1} are '
                    f'needed, one each for {", ".join(first)} and {last}'
                )
            order = np.random.default_rng([seed, *name.encode()]).permutation(len(paths)).tolist()
            for place, (part, share) in enumerate(drawn.items()):
                spare = len(order) - (len(drawn) - place)  # one stays for each part to come
                wanted = min(max(1, round(share * len(paths))), spare)
                taken, order = order[:wanted], order[wanted:]
                parts[part][name] = [paths[i] for i in sorted(taken)]
            parts['train'][name] = [paths[i] for i in sorted(order)]
        return parts


def read_tree(root: Union[str, Path]) -> FaceTree:
    """Looks at a folder of faces.

    Args:
        root (str | Path): Folder with a folder for each class, or with train/ and, where they
            exist, val/ and test/ that hold these.

    Raises:
        ConvcutError: No such folder, no class folders, one class only, a class without images,
            a class that train does not have, or one whose name is no line of text.
    """
    root = Path(root)
    if not root.is_dir():
        raise ConvcutError(f'{root}: no such folder; {EXPECTED}')
    folders = _split_folders(root)
    others: list = []
    images = {split: _class_folders(folder, others) for split, folder in folders.items()}
    train, base = images['train'], folders['train']
    if not train:
        raise ConvcutError(f'{base}: no folder in it; {EXPECTED}')
    for name, paths in train.items():
        _check_name(base, name)
        if not paths:
            raise ConvcutError(
                f'{base / name}: no image in it; expected files that end in '
                f'{", ".join(TRAINING_SUFFIXES)}'
            )
    if len(train) == 1:
        raise ConvcutError(
            f'{base}: only the class "{next(iter(train))}"; a classifier needs two or more'
        )
    for split, part in images.items():
        for name in part:
            if name not in train:
                raise ConvcutError(
                    f'{folders[split] / name}: a class that {base} does not have, expected one '
                    f'of {", ".join(train)}'
                )
        if not any(part.values()):
            raise ConvcutError(f'{folders[split]}: no images; {EXPECTED}')
    return FaceTree(tuple(train), images, tuple(others))


def check_images(paths: Sequence[Path], shown: bool = True) -> None:
    """Decodes every image once, so that a training does not meet a broken one hours later.

    Args:
        paths (Sequence[Path]): The images.
        shown (bool): Whether a progress bar is shown. Defaults to True.

    Raises:
        ConvcutError: Names the broken ones, three at most.
    """
    broken = []
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,  # decoders work outside of Python's lock
        progress('Checking images', len(paths), shown=shown) as step,
    ):
        for path, problem in zip(paths, pool.map(damage, paths)):
            step()
            if problem is not None:
                broken.append((path, problem))
    if broken:
        names = ', '.join(f'{path} ({problem})' for path, problem in broken[:_NAMED])
        more = f' and {len(broken) - _NAMED} more' if len(broken) > _NAMED else ''
        raise ConvcutError(
            f'{len(broken)} of {len(paths)} images cannot be read: {names}{more}; remove or '
            'replace them'
        )


def named(paths: Sequence[Path]) -> str:
    """A few names of many files: 'a.txt, b.txt, c.txt and 4 more'."""
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return ', '.join(path.name for path in paths[:_NAMED]) + more


def _check_name(base: Path, name: str) -> None:
    """A class's name goes into configs, logs and figures."""
    if any(category(char) in _CONTROLS or char in _DIRECTIONS for char in name):
        problem = 'control characters or bytes that are not UTF-8'
    elif '{{' in name:
        problem = '"{{", which a config replaces,'
    else:
        return
    raise ConvcutError(
        f'{base}: the class folder {ascii(name)} has {problem} in its name; rename it'
    )


def _split_folders(root: Path) -> dict:
    found = {}
    for split, names in SPLIT_FOLDERS.items():
        some = [root / name for name in names if (root / name).is_dir()]
        if len(some) > 1:
            raise ConvcutError(
                f'{root}: both {some[0].name}/ and {some[1].name}/, expected one of them'
            )
        if some:
            found[split] = some[0]
    if not found:
        return {'train': root}
    if 'train' not in found:
        other = next(iter(found.values()))
        raise ConvcutError(f'{root}: {other.name}/ but no train/; {EXPECTED}')
    return found


def _class_folders(folder: Path, others: list) -> dict:
    """``{class: [Path, ...]}``; what is no image goes to ``others``."""
    classes = {}
    for entry in entries(folder):
        if entry.is_dir():
            classes[entry.name] = image_files(entry)
            files = [path for path in entries(entry, hidden=True) if path.is_file()]
            others += sorted({*files} - {*classes[entry.name]})
        else:
            others.append(entry)
    return classes


def _count(number: int) -> str:
    return f'{number} image{"" if number == 1 else "s"}'
