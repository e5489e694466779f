"""FERPlus: FER2013's 48x48 grey faces with the votes of ten taggers (arXiv 1608.01041)."""

import os
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError
from .fer_dataset import FERDataset
from .utils import ferplus_votes
from .utils.ferplus_files import (
    FOLDERS,
    SOURCE_NOTE,
    USAGES,
    read_fer2013new_csv,
    read_label_csv,
    source_note,
)
from .utils.image_folder import check_listed

LABEL_SOURCES = ('label.csv', 'fer2013new.csv')


@DATASETS.register_module()
class FERPlus(FERDataset):
    """FERPlus in the exported layout.

    ::

        data_root/
          FER2013Train/  fer0000000.png ...  label.csv
          FER2013Valid/  ...
          FER2013Test/   ...
          fer2013new.csv                     (only for label_source='fer2013new.csv')

    ``tools/dataset_converters/ferplus.py`` makes it from ``fer2013.csv`` or from zip files. The
    votes of the two label sources differ on 1,073 / 246 / 283 images, so say with a result which
    one it used: ``metainfo['label_source']``.

    Args:
        data_root: Folder with the three folders.
        split: 'train', 'valid' or 'test'. Defaults to 'train'.
        rule: How ten votes become a target: 'majority' (hard labels; the usual protocol),
            'crossentropy' and 'multi_target' (soft labels, ``gt_score``), 'probability' (a label
            sampled from ``gt_score`` each time a training image is read), 'argmax' (hard labels
            of the raw votes, keeps almost all images). Defaults to 'majority'.
        num_classes: 8, or 7 without contempt. Defaults to 8.
        label_source: 'label.csv' in each folder, or 'fer2013new.csv' in ``data_root``.
            Defaults to 'label.csv'.
        keep: A second rule that an image must satisfy. ``rule='crossentropy', keep='majority'``
            gives soft labels for the images, and so the parts, of the usual protocol. Defaults to
            None.
        **kwargs: See :class:`FERDataset`.
    """

    SPLITS = tuple(FOLDERS)
    METAINFO = dict(classes=ferplus_votes.ANSWERS[: ferplus_votes.NUM_EMOTIONS], grey=True)

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        rule: str = 'majority',
        num_classes: int = 8,
        label_source: str = 'label.csv',
        keep: str | None = None,
        **kwargs,
    ) -> None:
        keep = rule if keep is None else keep
        for option, value in (('rule', rule), ('keep', keep)):
            if value not in ferplus_votes.RULES:
                raise ConvcutError(
                    f'FERPlus: unknown {option} "{value}", expected one of '
                    f'{", ".join(ferplus_votes.RULES)}'
                )
        if num_classes not in (7, 8):
            raise ConvcutError(
                f'FERPlus: num_classes={num_classes}, expected 8, or 7 without contempt'
            )
        if label_source not in LABEL_SOURCES:
            raise ConvcutError(
                f'FERPlus: unknown label_source "{label_source}", expected one of '
                f'{", ".join(LABEL_SOURCES)}'
            )
        self.rule, self.keep = rule, keep
        self.num_classes, self.label_source = num_classes, label_source
        super().__init__(data_root=data_root, split=split, **kwargs)

    def known_classes(self) -> tuple[str, ...]:
        """Return the eight emotions, or seven without contempt."""
        return ferplus_votes.ANSWERS[: self.num_classes]

    def describe(self) -> str:
        """Name split, part, rule and the source of the votes."""
        also = '' if self.keep == self.rule else f' on the images of {self.keep}'
        return f'{super().describe()}, rule {self.rule}{also}, votes of {self.label_source}'

    def splits_there(self) -> list[str]:
        """Return the splits that have a folder."""
        return [name for name in FOLDERS if (Path(self.data_root) / FOLDERS[name]).is_dir()]

    def split_paths(self) -> dict[str, list[str]]:
        """Return all images in the folder of each split, with or without votes."""
        paths = {}
        for split in self.splits_there():
            folder = Path(self.data_root) / FOLDERS[split]
            with os.scandir(folder) as found:
                names = [entry.name for entry in found if entry.name.endswith('.png')]
            paths[split] = [f'{folder / name}' for name in names]
        return paths

    def read_items(self) -> list[dict]:
        """Read the votes and apply the rule."""
        folder = self._folder()
        names, votes = self.read_votes()
        # not passed to the constructor, where mmengine takes strings for file names
        self._metainfo.update(rule=self.rule, label_source=self.label_source)
        origin = folder / SOURCE_NOTE
        if self.label_source == 'label.csv' and origin.is_file():
            self._metainfo['label_source'] += f', from {source_note(origin)}'
        targets = ferplus_votes.targets(votes, self.rule, self.num_classes)
        if self.keep != self.rule:
            kept = ferplus_votes.targets(votes, self.keep, self.num_classes)
            targets = targets * kept.any(1, keepdims=True)
        check_listed(folder, names, self._source())
        items = []
        for name, target in zip(names, targets):
            if target.any():
                item: dict = dict(img_path=str(folder / name), gt_label=int(target.argmax()))
                if self.rule in ferplus_votes.SOFT_RULES:
                    item['gt_score'] = target.astype(np.float32)
                items.append(item)
        also = '' if self.keep == self.rule else f' and "{self.keep}"'
        print_log(
            f'FERPlus {self.split}: {len(items)} of {len(names)} images kept by the rule '
            f'"{self.rule}"{also}, votes from {self._metainfo["label_source"]}',
            logger='current',
        )
        return items

    def read_votes(self) -> tuple[list[str], np.ndarray]:
        """Return N image names and the votes on each, (N, 10), whatever the rule keeps."""
        source = self._source()
        if self.label_source == 'label.csv':
            return read_label_csv(source)
        return read_fer2013new_csv(source, USAGES[self.split])

    def _source(self) -> Path:
        if self.label_source == 'label.csv':
            return self._folder() / 'label.csv'
        return Path(self.data_root) / 'fer2013new.csv'

    def item_for_pipeline(self, idx: int) -> dict:
        """Sample the label of a training image from its votes, if the rule is 'probability'."""
        item = self.get_data_info(idx)
        if self.rule == 'probability' and not self.test_mode:
            # float64 and renormalised: numpy checks that the sum is 1 to 1e-8
            probabilities = item['gt_score'].astype(float)
            probabilities /= probabilities.sum()
            label = np.random.choice(len(probabilities), p=probabilities)
            item['gt_label'] = int(label)
            item['gt_score'] = np.eye(len(probabilities), dtype=np.float32)[label]
        return item

    def _folder(self) -> Path:
        folder = Path(self.data_root) / FOLDERS[self.split]
        if not folder.is_dir():
            found = [name for name in FOLDERS.values() if (Path(self.data_root) / name).is_dir()]
            raise ConvcutError(
                f'{folder}: no such folder; found there: {", ".join(found) or "none of FERPlus"}; '
                'tools/dataset_converters/ferplus.py makes it, or choose another split'
            )
        return folder
