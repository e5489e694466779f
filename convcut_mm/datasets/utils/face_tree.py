"""A tree ``class/name.jpg`` of faces: its classes, its images and its three parts.

Nothing is decoded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

import numpy as np

from ...errors import ConvcutError
from ...utils.image_files import TRAINING_SUFFIXES
from .image_folder import entries, image_files

SPLITS = ('train', 'val', 'test')
# folder names of each part
SPLIT_FOLDERS = {'train': ('train',), 'val': ('val', 'valid', 'validation'), 'test': ('test',)}
ClassPaths = dict[str, list[Path]]
EXPECTED = 'expected CLASS/NAME.jpg, or the same below train/, val/ and test/'
# line breaks, escape sequences and bytes that are not UTF-8; marks that change text direction
_CONTROLS = ('Cc', 'Cs', 'Zl', 'Zp')
_DIRECTIONS = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'


@dataclass(frozen=True)
class FaceTree:
    """Contents of a folder of faces.

    Attributes:
        classes: Names of the class folders in alphabetical order.
        images: For each part that has a folder, for each class, the paths in order:
            ``{'train': {'anger': [Path, ...], ...}, ...}``. Without such folders all images
            are in 'train'.
        others: Files whose suffix is not an image's.
    """

    classes: tuple[str, ...]
    images: dict[str, ClassPaths]
    others: tuple[Path, ...]

    @property
    def paths(self) -> list[Path]:
        """Paths of all images."""
        return [path for part in self.images.values() for some in part.values() for path in some]

    @property
    def is_sampled(self) -> bool:
        """Whether a part has no folder, so that :meth:`split` samples it."""
        return any(name not in self.images for name in SPLITS)

    def split(
        self, val_fraction: float, test_fraction: float, seed: int, groups: Mapping[Path, int]
    ) -> dict[str, ClassPaths]:
        """Return the three parts; sample those without a folder from train, class by class.

        Copies of an image stay in one part; a group of copies with several labels is sampled with
        the class of its first image. Each part gets at least one group of each class. The samples
        of a class depend on its name and its number of groups, not on the other classes.

        Args:
            val_fraction: Fraction of each class for validation, between 0 and 1.
            test_fraction: Fraction of each class for the test, between 0 and 1.
            seed: Seed of the sampling.
            groups: Number of the group of copies of each image in train; images that are not
                named have no copies. Not used if nothing is sampled.

        Returns:
            ``{'train': {class: [Path, ...]}, 'val': ..., 'test': ...}``.

        Raises:
            ConvcutError: A class has fewer groups than there are parts.
        """
        fractions = {'test': test_fraction, 'val': val_fraction}
        sampled = {name: fractions[name] for name in fractions if name not in self.images}
        parts = {name: dict(part) for name, part in self.images.items()}
        if not sampled:
            return parts
        train = self.images['train']
        group_of = {path: groups.get(path, path) for paths in train.values() for path in paths}
        home: dict = {}  # the class that a group is sampled with
        for name, paths in train.items():
            for path in paths:
                home.setdefault(group_of[path], name)
        part_of: dict = {}
        for name, paths in train.items():
            own = [group for group, at in home.items() if at == name]
            if len(own) <= len(sampled):
                *first, last = ['train', *sorted(sampled, reverse=True)]
                once = ' without copies of others' if len(own) < len(paths) else ''
                raise ConvcutError(
                    f'{paths[0].parent}: only {_count(len(own))}{once}, at least '
                    f'{len(sampled) + 1} are needed, one each for {", ".join(first)} and {last}'
                )
            order = np.random.default_rng([seed, *name.encode()]).permutation(len(own)).tolist()
            for place, (part, fraction) in enumerate(sampled.items()):
                spare = len(order) - (len(sampled) - place)  # keep one for each part to come
                count = min(max(1, round(fraction * len(own))), spare)
                taken, order = order[:count], order[count:]
                part_of.update((own[i], part) for i in taken)
        for part in ('train', *sampled):
            parts[part] = {
                name: [path for path in paths if part_of.get(group_of[path], 'train') == part]
                for name, paths in train.items()
            }
        return parts


def read_tree(root: str | Path) -> FaceTree:
    """List a folder of faces.

    Args:
        root: Folder with a folder for each class, or with train/ and perhaps val/ and test/ that
            hold these.

    Raises:
        ConvcutError: The folder does not exist, has no class folders or only one class; or a class
            has no images, is missing in train, or its name is not a line of text.
    """
    root = Path(root)
    if not root.is_dir():
        raise ConvcutError(f'{root}: no such folder; {EXPECTED}')
    folders = _split_folders(root)
    others: list[Path] = []
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


def _check_name(base: Path, name: str) -> None:
    """Refuse a class name that configs, logs and figures can't show."""
    if any(category(char) in _CONTROLS or char in _DIRECTIONS for char in name):
        problem = 'control characters or bytes that are not UTF-8'
    elif '{{' in name:
        problem = '"{{", which a config replaces,'
    else:
        return
    raise ConvcutError(
        f'{base}: the class folder {ascii(name)} has {problem} in its name; rename it'
    )


def _split_folders(root: Path) -> dict[str, Path]:
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


def _class_folders(folder: Path, others: list[Path]) -> ClassPaths:
    """Return the images by class; append other files to ``others``."""
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
