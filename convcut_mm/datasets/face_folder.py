"""A folder of your own faces, with one folder per class."""

from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError
from .fer_dataset import FERDataset
from .utils.face_tree import SPLITS, read_tree
from .utils.image_folder import named


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
    on every machine as long as no file is added or removed.

    Images of one person in several parts flatter the result; only your own val/ and test/ prevent
    that.

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

    def read_items(self) -> list[dict]:
        """Read the tree and take the split."""
        tree = read_tree(self.data_root)
        classes = tuple(self._metainfo.get('classes') or tree.classes)
        if sorted(classes) != list(tree.classes):
            raise ConvcutError(
                f'{self.data_root}: the class folders {", ".join(tree.classes)}, expected '
                f'{", ".join(classes)}'
            )
        self._metainfo['classes'] = classes
        part = tree.split(self.val_share, self.test_share, self.split_seed)[self.split]
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
