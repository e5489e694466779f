"""FERPlus: FER2013's 48x48 grey faces with the votes of ten taggers (arXiv 1608.01041)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError
from .fer_dataset import FERDataset
from .utils import ferplus_votes
from .utils.image_folder import check_listed
from .utils.tables import csv_rows, plain_name, shown, text_lines, whole_number

LABEL_SOURCES = ('label.csv', 'fer2013new.csv')
USAGES = {'train': 'Training', 'valid': 'PublicTest', 'test': 'PrivateTest'}
FOLDERS = {'train': 'FER2013Train', 'valid': 'FER2013Valid', 'test': 'FER2013Test'}
VOTES_HEADER = ('Usage', 'Image name', *ferplus_votes.ANSWERS)  # of fer2013new.csv
# written by the converter where a folder's label.csv holds the votes of fer2013new.csv
SOURCE_NOTE = 'label_source.txt'


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
    votes of the two sources differ on 1,073 / 246 / 283 images, so a result must name its source;
    ``metainfo['label_source']`` does.

    Args:
        data_root (str): Folder with the three folders.
        split (str): 'train', 'valid' or 'test'. Defaults to 'train'.
        rule (str): How ten votes become a target: 'majority' (hard labels; the usual protocol),
            'crossentropy' and 'multi_target' (soft labels, ``gt_score``), 'probability' (a label
            drawn from ``gt_score`` at each reading of a training image), 'argmax' (hard labels of
            the raw votes, keeps almost all images). Defaults to 'majority'.
        num_classes (int): 8, or 7 without contempt. Defaults to 8.
        label_source (str): 'label.csv' in each folder, or 'fer2013new.csv' in ``data_root``.
            Defaults to 'label.csv'.
        keep (str, optional): Another rule, by which an image has to be kept too. Soft labels for
            the images of the usual protocol, and so with the same parts, are
            ``rule='crossentropy', keep='majority'``. Defaults to None.
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
        keep: Optional[str] = None,
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

    def known_classes(self) -> tuple:
        """The eight emotions, or seven without contempt."""
        return self.METAINFO['classes'][: self.num_classes]

    def describe(self) -> str:
        """Split, part, rule and the source of the votes."""
        also = '' if self.keep == self.rule else f' on the images of {self.keep}'
        return f'{super().describe()}, rule {self.rule}{also}, votes of {self.label_source}'

    def read_items(self) -> list:
        """Reads votes and applies the rule."""
        folder = self._folder()
        if self.label_source == 'label.csv':
            source = folder / 'label.csv'
            names, votes = read_label_csv(source)
        else:
            source = Path(self.data_root) / 'fer2013new.csv'
            names, votes = _read_votes(source, _fer2013new_rows(source, USAGES[self.split]))
        # not given to the constructor: mmengine takes strings in there for file names
        self._metainfo.update(rule=self.rule, label_source=self.label_source)
        origin = folder / SOURCE_NOTE
        if self.label_source == 'label.csv' and origin.is_file():
            self._metainfo['label_source'] += f', from {source_note(origin)}'
        scores = ferplus_votes.targets(votes, self.rule, self.num_classes)
        if self.keep != self.rule:
            kept = ferplus_votes.targets(votes, self.keep, self.num_classes).any(1)
            scores = scores * kept[:, None]
        check_listed(folder, names, source)
        items = []
        for name, score in zip(names, scores):
            if score.any():
                item = dict(img_path=str(folder / name), gt_label=int(score.argmax()))
                if self.rule in ferplus_votes.SOFT_RULES:
                    item['gt_score'] = score.astype(np.float32)
                items.append(item)
        also = '' if self.keep == self.rule else f' and "{self.keep}"'
        print_log(
            f'FERPlus {self.split}: {len(items)} of {len(names)} images kept by the rule '
            f'"{self.rule}"{also}, votes from {self._metainfo["label_source"]}',
            logger='current',
        )
        return items

    def item_for_pipeline(self, idx: int) -> dict:
        """With 'probability', draws the label of a training image from its votes."""
        item = self.get_data_info(idx)
        if self.rule == 'probability' and not self.test_mode:
            # float64 and renormalised: numpy checks that the sum is 1 to 1e-8
            chances = item['gt_score'].astype(float)
            label = np.random.choice(len(chances), p=chances / chances.sum())
            item['gt_label'] = int(label)
            item['gt_score'] = np.eye(len(chances), dtype=np.float32)[label]
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


def source_note(path: Path) -> str:
    """Where a converted folder's votes come from: the first line of its ``label_source.txt``."""
    return shown(next(text_lines(path), '').strip())


def read_label_csv(path: Path) -> tuple:
    """Reads the ``label.csv`` of an exported folder.

    Args:
        path (Path): The file.

    Returns:
        tuple[list[str], ndarray]: N image names and their votes, (N, 10).

    Raises:
        ConvcutError: Missing or malformed; the message names file and line.
    """
    return _read_votes(path, _label_csv_rows(path))


def parse_votes(fields: Sequence[str], place: str) -> list:
    """Ten votes as numbers.

    Args:
        fields (Sequence[str]): Fields of a CSV row.
        place (str): File and line, for the message.

    Raises:
        ConvcutError: Not ten whole numbers from 0 to 10.
    """
    votes = [whole_number(field) for field in fields]
    if len(votes) != 10 or not all(vote is not None and vote <= 10 for vote in votes):
        raise ConvcutError(
            f'{place}: expected ten votes from 0 to 10, got {shown(",".join(fields))}'
        )
    return votes


def _label_csv_rows(path: Path) -> Iterator:
    for number, row in csv_rows(path):
        if len(row) != 12:
            raise ConvcutError(
                f'{path}, line {number}: expected 12 fields (image name, box, '
                f'ten votes), got {len(row)}'
            )
        yield number, row[0], row[2:]


def _fer2013new_rows(path: Path, usage: str) -> Iterator:
    rows = csv_rows(path)
    header = next(rows, (1, []))[1]
    # a file without a header would lose its first image silently
    if [cell.strip() for cell in header] != list(VOTES_HEADER):
        raise ConvcutError(
            f'{path}, line 1: expected the header {",".join(VOTES_HEADER)}, '
            f'got {shown(",".join(header))}'
        )
    for number, row in rows:
        if len(row) != 12:
            raise ConvcutError(
                f'{path}, line {number}: expected 12 fields (Usage, Image '
                f'name, ten votes), got {len(row)}'
            )
        if row[0] not in USAGES.values():
            raise ConvcutError(
                f'{path}, line {number}: unknown Usage "{shown(row[0])}", expected '
                f'{", ".join(USAGES.values())}'
            )
        if row[0] == usage and row[1]:  # without a name the row is to be skipped
            yield number, row[1], row[2:]


def _read_votes(path: Path, rows: Iterator) -> tuple:
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file; expected the FER+ votes there')
    votes: dict = {}
    for number, name, fields in rows:
        place = f'{path}, line {number}'
        if not plain_name(name):
            raise ConvcutError(
                f'{place}: expected an image name like fer0000000.png, got "{shown(name)}"'
            )
        counts = parse_votes(fields, place)
        if name in votes:
            raise ConvcutError(f'{place}: expected each image name once, got {name} again')
        votes[name] = counts
    return list(votes), np.array(list(votes.values()), dtype=int).reshape(-1, 10)
