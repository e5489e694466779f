"""A folder of your own faces, with one folder per class."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError
from .fer_dataset import FERDataset
from .utils.face_tree import SPLITS, ClassPaths, FaceTree, read_tree
from .utils.image_folder import named
from .utils.split_copies import SplitCopies


@DATASETS.register_module()
class FaceFolder(FERDataset):
    """Any tree ``class/name.jpg``; the classes are the names of the folders.

    ::

        data_root/                 or    data_root/
          anger/  a.jpg ...                train/  anger/ ...  boredom/ ...
          boredom/  b.jpg ...              val/    anger/ ...  boredom/ ...
          ...                              test/   anger/ ...  boredom/ ...

    A missing val/ or test/ is sampled from train, stratified and seeded: a fraction of each class,
    and at least one image. Sampling follows the order of the file names, so the parts are the same
    on every machine as long as no file is added or removed. Copies of an image, nearly identical
    and mirrored ones too, stay in one part.

    Other images of one person in several parts flatter the result; only your own val/ and test/
    prevent that.

    Args:
        data_root: The folder.
        split: 'train', 'val' or 'test'. Defaults to 'train'.
        val_share: Fraction of each class for validation if there is no val/. Defaults to 0.1.
        test_share: Fraction of each class for the test if there is no test/. Defaults to 0.2.
        split_seed: Seed of the sampling. Defaults to 0.
        classes: Names of the class folders in the order of the labels. Defaults to None:
            alphabetical order.
        soft_labels: Add each image's class as probabilities (``gt_score``), for losses that take
            these. Defaults to False.
        **kwargs: See :class:`FERDataset`.

    Raises:
        ConvcutError: :func:`read_tree` refuses the folder, a class has too few images, or an
            option is unknown.
    """

    SPLITS = SPLITS

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        val_share: float = 0.1,
        test_share: float = 0.2,
        split_seed: int = 0,
        classes: Sequence[str] | None = None,
        soft_labels: bool = False,
        **kwargs,
    ) -> None:
        for option, fraction in (('val_share', val_share), ('test_share', test_share)):
            if not 0 < fraction < 1:
                raise ConvcutError(
                    f'FaceFolder: {option}={fraction}, expected a fraction between 0 and 1'
                )
        if val_share + test_share >= 1:
            raise ConvcutError(
                f'FaceFolder: val_share={val_share} and test_share={test_share} leave nothing to '
                'train on'
            )
        self.val_share, self.test_share, self.split_seed = val_share, test_share, split_seed
        self.soft_labels = soft_labels
        super().__init__(data_root=data_root, split=split, classes=classes, **kwargs)

    def splits_there(self) -> list[str]:
        """Return the three splits: those without a folder are sampled."""
        return list(self.SPLITS) if Path(self.data_root).is_dir() else []

    def split_paths(self) -> dict[str, list[str]]:
        """Return the images of the three splits."""
        return {
            split: [f'{path}' for paths in part.values() for path in paths]
            for split, part in self._parts.items()
        }

    @cached_property
    def _tree(self) -> FaceTree:
        return read_tree(self.data_root)

    @cached_property
    def _parts(self) -> dict[str, ClassPaths]:
        """The images of each split, by class."""
        groups: dict[Path, int] = {}
        if self._tree.is_sampled:
            train = [path for paths in self._tree.images['train'].values() for path in paths]
            names = [f'{path}' for path in train]
            # with those of the other folders: the same images as `copies`, looked at once
            copies = SplitCopies({'train': names, 'all': [f'{path}' for path in self._tree.paths]})
            groups = dict(zip(train, copies.groups('train', names).tolist()))
        return self._tree.split(self.val_share, self.test_share, self.split_seed, groups)

    def load_data_list(self) -> list[dict]:
        """Read the split and take the wanted part of it."""
        items = super().load_data_list()
        for name in ('_tree', '_parts'):  # not for the processes that load images
            self.__dict__.pop(name, None)
        return items

    def read_items(self) -> list[dict]:
        """Read the tree and take the split."""
        tree = self._tree
        classes = tuple(self._metainfo.get('classes') or tree.classes)
        if sorted(classes) != list(tree.classes):
            raise ConvcutError(
                f'{self.data_root}: the class folders {", ".join(tree.classes)}, expected '
                f'{", ".join(classes)}'
            )
        self._metainfo['classes'] = classes
        part = self._parts[self.split]
        counts = ', '.join(f'{name} {len(part.get(name, ()))}' for name in classes)
        left_out = f'; left out, no images: {named(tree.others)}' if tree.others else ''
        print_log(f'FaceFolder {self.split}: {counts}{left_out}', logger='current')
        return [
            self._item(str(path), label, len(classes))
            for label, name in enumerate(classes)
            for path in part.get(name, ())
        ]

    def _item(self, path: str, label: int, num_classes: int) -> dict:
        item: dict = dict(img_path=path, gt_label=label)
        if self.soft_labels:
            item['gt_score'] = np.eye(num_classes, dtype=np.float32)[label]
        return item
