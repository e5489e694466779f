"""Base of the facial-expression data sets: parts, copies, reproducible epochs, clear errors."""

import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from ..errors import ConvcutError
from .utils.class_names import class_choice
from .utils.class_order import folder_ranks
from .utils.decoding import run_pipeline
from .utils.epoch_seed import EpochSeed, preserved_generators
from .utils.parts import parse_part
from .utils.split_copies import SplitCopies

DUPLICATES = ('keep', 'clean', 'mark')


class FERDataset(BaseDataset):
    """Base class of the facial-expression data sets.

    Args:
        data_root: Folder of the data set.
        split: One of the class's ``SPLITS``, as the data set's authors made them.
        part: None for the whole split; 'fit' or 'holdout' for one of the two parts that a
            stratified, seeded split makes of it, so that nothing has to be chosen on the test
            set. A chain splits again: 'holdout/fit' is the 'fit' part of the 'holdout' part.
            Identical and nearly identical images, mirrored ones too, stay in one part.
            Defaults to None.
        holdout: Fraction that 'holdout' gets, between 0 and 1: one for each step of a chain, or
            one for all. Defaults to 0.1.
        holdout_seed: Seed of the split: one for each step of a chain, or one for all. Two parts
            never overlap if fractions and seeds agree up to the step at which the parts differ.
            Defaults to 0.
        duplicates: What happens to images that are identical or nearly identical to one of
            another split: 'keep' them; 'clean' leaves them out; 'mark' keeps them and gives each
            sample of a test set a bool ``duplicate``, from which metrics tell both figures. Train
            is compared with all other splits that are there, every other split with train,
            whatever images a rule or ``classes`` leaves out. Parts are sampled before.
            Defaults to 'keep'.
        class_ordered: Sort the images by class, in the alphabetical order of the classes, as the
            released data script reads its folders. Matters only to models with batch attention.
            Defaults to False: the order of the files.
        classes: Names of some of the data set's classes, or a file with one name a line. Labels
            follow that order; images of other classes are left out; no class is renamed.
            Defaults to None: all classes in the data set's own order.
        metainfo: As in mmengine; ``classes`` in it means the option above. Defaults to None.
        pipeline: Transforms. Defaults to ().
        test_mode: Whether the images are only tested on. Defaults to False.
        **kwargs: Other arguments of mmpretrain's ``BaseDataset``.

    Attributes:
        epoch_seed: Seed and epoch that random numbers follow after :meth:`set_epoch`.

    Raises:
        ConvcutError: A folder or file is missing, a label file is malformed, the split is empty,
            an image can't be decoded, or an option is unknown; the message names the file or
            option.
    """

    SPLITS: tuple[str, ...] = ()

    def __init__(
        self,
        data_root: str,
        split: str,
        part: str | None = None,
        holdout: float | Sequence[float] = 0.1,
        holdout_seed: int | Sequence[int] = 0,
        duplicates: str = 'keep',
        class_ordered: bool = False,
        classes: str | Sequence[str] | None = None,
        metainfo: dict | None = None,
        pipeline: Sequence = (),
        test_mode: bool = False,
        **kwargs,
    ) -> None:
        name = type(self).__name__
        if split not in self.SPLITS:
            raise ConvcutError(
                f'{name}: unknown split "{split}", expected one of {", ".join(self.SPLITS)}'
            )
        if duplicates not in DUPLICATES:
            raise ConvcutError(
                f'{name}: unknown duplicates "{duplicates}", expected one of '
                f'{", ".join(DUPLICATES)}'
            )
        try:
            self._chain = parse_part(part, holdout, holdout_seed)
        except ConvcutError as error:
            raise ConvcutError(f'{name}: {error}') from None
        self.split, self.part, self.duplicates = split, part, duplicates
        self.class_ordered = class_ordered
        self.epoch_seed = EpochSeed()
        metainfo = dict(metainfo or {})
        wanted = metainfo.pop('classes', None) if classes is None else classes
        known = self.known_classes()
        self._own_labels: list[int] | None = None
        if known and wanted is not None:
            wanted, self._own_labels = class_choice(wanted, known, name)
        super().__init__(
            ann_file='',
            data_root=os.path.expanduser(data_root),
            metainfo=metainfo,
            classes=known if wanted is None else wanted,
            pipeline=pipeline,
            test_mode=test_mode,
            **kwargs,
        )

    def known_classes(self) -> tuple[str, ...] | None:
        """Return the classes in the order of :meth:`read_items`' labels, None if unknown."""
        return self.METAINFO.get('classes')

    def describe(self) -> str:
        """Say in a few words which images and labels these are, for protocols and tables."""
        words = [type(self).__name__, self.split]
        if self.part is not None:
            fractions = ' and '.join(dict.fromkeys(f'{step.holdout:g}' for step in self._chain))
            seeds = ' and '.join(dict.fromkeys(f'{step.seed}' for step in self._chain))
            words.append(
                f'part {self.part} (held out: {fractions}, seed {seeds}, copies in one part)'
            )
        if self.duplicates == 'clean':
            words.append(f'without copies of {self._compared()}')
        return ', '.join(words)

    def _compared(self) -> str:
        """Name the splits that the images are compared with, and those that are missing."""
        others = self._other_splits()
        # without any data this is what would be compared
        there = self.splits_there() if Path(self.data_root).is_dir() else others
        found = ' and '.join(split for split in others if split in there)
        absent = ' and '.join(split for split in others if split not in there)
        return (found or 'nothing') + (f' (not there: {absent})' if absent else '')

    def _other_splits(self) -> tuple[str, ...]:
        """Return the splits in which an image of this one must not stand."""
        train, *others = self.SPLITS
        return tuple(others) if self.split == train else (train,)

    def splits_there(self) -> list[str]:
        """Return which of ``SPLITS`` have files in ``data_root``; none are read."""
        return [self.split]

    def split_paths(self) -> dict[str, list[str]]:
        """Return the image files of each split that is there, whatever images a rule keeps.

        Among these copies are looked for. A subclass with several splits overrides this and
        :meth:`splits_there`.
        """
        return {self.split: [item['img_path'] for item in self.read_items()]}

    @cached_property
    def copies(self) -> SplitCopies:
        """Copies within and across the splits; the first time this decodes every image."""
        paths = self.split_paths()
        if self.duplicates == 'keep':  # other splits may be incomplete
            paths = {self.split: paths[self.split]}
        return SplitCopies(paths)

    def read_items(self) -> list[dict]:
        """Return a dict with ``img_path`` and ``gt_label`` for each image of the split."""
        raise NotImplementedError

    def load_data_list(self) -> list[dict]:
        """Read the split and take the wanted part of it."""
        if not Path(self.data_root).is_dir():
            raise ConvcutError(
                f'{self.data_root}: no such folder; expected the data of '
                f'{type(self).__name__} there (option data_root)'
            )
        items = self.read_items()
        if self._own_labels is not None:
            items = _choose(items, self._own_labels)
        if not items:
            raise ConvcutError(f'{self.data_root}: the split "{self.split}" has no images')
        for step in self._chain:
            # sampled by name: a list in another order gives the same parts
            order = sorted(range(len(items)), key=lambda i: items[i]['img_path'])
            groups = self.copies.groups(self.split, [items[i]['img_path'] for i in order])
            try:
                taken = step.take([items[i]['gt_label'] for i in order], groups)
                items = [items[i] for i in sorted(order[number] for number in taken)]
            except ValueError as error:
                raise ConvcutError(
                    f'{self.data_root}: cannot hold out {step.holdout:g} of the {len(items)} '
                    f'images of "{self.split}" by class: {error}'
                ) from None
        if self.duplicates != 'keep':
            items = self._marked(items)
        if self.class_ordered:
            ranks = folder_ranks(self.metainfo['classes'])
            items.sort(key=lambda item: ranks[item['gt_label']])  # stable within a class
        self.__dict__.pop('copies', None)  # not for the processes that load images
        return items

    def _marked(self, items: list[dict]) -> list[dict]:
        """Mark the copies of images of other splits, or leave them out."""
        others = self._other_splits()
        marks = self.copies.stand_in([item['img_path'] for item in items], others)
        count = sum(marks)
        what = 'left out' if self.duplicates == 'clean' else 'marked'
        note = f'{what}: {count} of {len(items)} images, copies of {self._compared()}'
        self._metainfo['duplicates'] = note
        print_log(f'{type(self).__name__} {self.split}, {note}', logger='current')
        if self.duplicates == 'mark':
            return [{**item, 'duplicate': mark} for item, mark in zip(items, marks)]
        if count == len(items):
            raise ConvcutError(f'{self.data_root}: every image of "{self.split}" is a copy')
        return [item for item, mark in zip(items, marks) if not mark]

    def set_epoch(self, seed: int, epoch: int) -> None:
        """Make random numbers depend on seed, epoch and image only.

        They also depend on how often the image has come before in the epoch, if the sampler tells
        copies apart (see :class:`Repeat`). They do not depend on the worker, the process, the
        batch or earlier samples, so runs with any number of processes, and resumed runs, see the
        same images. ``EpochSeedHook`` calls this; without it the global generators are used.
        """
        self.epoch_seed.set(seed, epoch)

    @property
    def is_reproducible(self) -> bool:
        """Whether random numbers follow seed, epoch and image: after set_epoch, not in tests."""
        return not self.test_mode and self.epoch_seed.is_set

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one image.

        Args:
            idx: Number of the image; a :class:`Repeat` gets random numbers of its own.

        Raises:
            ConvcutError: The image file is damaged.
        """
        item = partial(self.item_for_pipeline, int(idx))  # may sample, so after the seed
        if not self.is_reproducible:
            return self._run_pipeline(item())
        with preserved_generators():
            self.epoch_seed.seed_generators(idx)
            return self._run_pipeline(item())

    def _run_pipeline(self, item: dict) -> Any:
        """Run the pipeline, and pass the mark of a copy on to the metrics."""
        packed = run_pipeline(item, self.pipeline)
        if 'duplicate' in item and isinstance(packed, dict) and 'data_samples' in packed:
            packed['data_samples'].set_metainfo(dict(duplicate=item['duplicate']))
        return packed

    def item_for_pipeline(self, idx: int) -> dict:
        """Return the dict that enters the pipeline; subclasses may sample its label here."""
        return self.get_data_info(idx)

    def extra_repr(self) -> list[str]:
        """Return lines for ``print(dataset)``."""
        chain = '; '.join(map(str, self._chain))
        return [
            f'Root: \t{self.data_root}',
            f'Split: \t{self.split}' + (f' ({chain})' if chain else ''),
        ]


def _choose(items: list[dict], labels: list[int]) -> list[dict]:
    """Keep the items of some classes and number their labels in the order of ``labels``."""
    chosen = []
    for item in items:
        if item['gt_label'] in labels:
            item = {**item, 'gt_label': labels.index(item['gt_label'])}
            if 'gt_score' in item:
                probabilities = item['gt_score'][labels]
                item['gt_score'] = probabilities / probabilities.sum()
            chosen.append(item)
    return chosen
