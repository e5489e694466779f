"""RAF-DB: Real-world Affective Faces (12,271 train and 3,068 test images with basic emotions)."""

from pathlib import Path

from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError
from .fer_dataset import FERDataset
from .utils.rafdb_layouts import find, read
from .utils.rafdb_readers import BASIC, CLASSES


@DATASETS.register_module()
class RAFDB(FERDataset):
    """RAF-DB in any of its common layouts, with one label order.

    The layout is detected: the official ``basic/EmoLabel/list_patition_label.txt`` with
    ``basic/Image/aligned``, Kaggle's ``DATASET/{train,test}/{1..7}``, or
    ``{train,test}/{anger,...}``. Folder names may differ in case, be synonyms (happy, sad, angry),
    or say ``valid`` for a missing ``test``. Labels follow RAF-DB's own order: surprise, fear,
    disgust, happiness, sadness, anger, neutral, unless ``classes`` says otherwise.

    Args:
        data_root: Folder of the data set or of the subset, a folder that holds it under a name
            with 'raf' in it, or one inside such as ``train``.
        split: 'train' or 'test'. Defaults to 'train'.
        subset: 'basic' (7 classes) or 'compound' (11 classes). Defaults to 'basic'.
        **kwargs: See :class:`FERDataset`.
    """

    SPLITS = ('train', 'test')
    METAINFO = dict(classes=BASIC)

    def __init__(
        self, data_root: str, split: str = 'train', subset: str = 'basic', **kwargs
    ) -> None:
        if subset not in CLASSES:
            raise ConvcutError(
                f'RAFDB: unknown subset "{subset}", expected one of {", ".join(CLASSES)}'
            )
        self.subset = subset
        super().__init__(data_root=data_root, split=split, **kwargs)

    def known_classes(self) -> tuple[str, ...]:
        """Return the classes of the subset."""
        return CLASSES[self.subset]

    def splits_there(self) -> list[str]:
        """Return the splits of which a layout is found."""
        root = Path(self.data_root)
        return [split for split in self.SPLITS if root.is_dir() and find(root, self.subset, split)]

    def split_paths(self) -> dict[str, list[str]]:
        """Return the images of each split that is there."""
        root = Path(self.data_root)
        return {
            split: [path for path, _ in read(root, self.subset, split)[1]]
            for split in self.splits_there()
        }

    def read_items(self) -> list[dict]:
        """Read the split in the layout that is there."""
        base, items = read(Path(self.data_root), self.subset, self.split)
        print_log(
            f'{type(self).__name__} {self.subset} {self.split}: {len(items)} images in {base}',
            logger='current',
        )
        return [dict(img_path=path, gt_label=label) for path, label in items]
