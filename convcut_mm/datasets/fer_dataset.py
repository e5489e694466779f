"""What the facial-expression data sets share: held-out part, reproducible draws, clear errors."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import torch
from mmpretrain.datasets import BaseDataset

from ..errors import ConvcutError
from ..utils.image_files import check_image_file, damage
from .samplers.repeats import occurrence
from .utils.class_names import class_choice
from .utils.parts import parse_part


@contextmanager
def preserved_draws() -> Iterator[None]:
    """Afterwards Python's, numpy's and torch's (CPU) generators go on as if nothing was drawn."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


class FERDataset(BaseDataset):
    """Base class of the facial-expression data sets.

    Args:
        data_root (str): Folder of the data set.
        split (str): One of the class's ``SPLITS``, as the data set's authors made them.
        part (str, optional): None for the whole split, or 'fit' / 'holdout' for the two parts
            that a stratified, seeded draw makes of it, so that nothing has to be chosen on the
            test set. A chain draws again: 'holdout/fit' is the 'fit' part of the 'holdout' part.
            Defaults to None.
        holdout (float | Sequence[float]): Share that 'holdout' gets, between 0 and 1: one for
            each draw of a chain, or one for all. Defaults to 0.1.
        holdout_seed (int | Sequence[int]): Seed of the draw, likewise. Two parts never overlap
            where shares and seeds agree up to the draw in which the parts differ. Defaults to 0.
        class_ordered (bool): Sort the images by class, as the released data script does. Matters
            only to models with batch attention. Defaults to False: the files' order.
        classes (str | Sequence[str], optional): Names of some of the data set's classes, or a
            file with one a line: labels follow that order, images of other classes are left out.
            Names rename nothing. Defaults to None: all in the data set's own order.
        metainfo (dict, optional): As in mmengine; ``classes`` in it are those above. Defaults to
            None.
        pipeline (Sequence): Transforms. Defaults to ().
        test_mode (bool): Whether the images are only tested on. Defaults to False.
        **kwargs: Other arguments of mmpretrain's ``BaseDataset``.

    Raises:
        ConvcutError: Missing folders or files, malformed label files, an empty split, an image
            that can't be decoded, unknown options; the message names the file or option.
    """

    SPLITS: tuple = ()

    def __init__(
        self,
        data_root: str,
        split: str,
        part: Optional[str] = None,
        holdout: Union[float, Sequence[float]] = 0.1,
        holdout_seed: Union[int, Sequence[int]] = 0,
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
        try:
            self._draws = parse_part(part, holdout, holdout_seed)
        except ConvcutError as error:
            raise ConvcutError(f'{name}: {error}') from None
        self.split, self.part = split, part
        self.class_ordered = class_ordered
        # shared memory, so that worker processes that live on see the next epoch's number too
        self._draw_key = torch.full((2,), -1, dtype=torch.int64).share_memory_()
        metainfo = dict(metainfo or {})
        wanted = metainfo.pop('classes', None) if classes is None else classes
        known, self._own_labels = self.known_classes(), None
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

    def known_classes(self) -> tuple | None:
        """The classes in the order of the labels that :meth:`read_items` gives, if it is known."""
        return self.METAINFO.get('classes')

    def describe(self) -> str:
        """Which images with which labels, in a few words: for protocols and tables."""
        words = [type(self).__name__, self.split]
        if self.part is not None:
            shares = ' and '.join(dict.fromkeys(f'{draw.holdout:g}' for draw in self._draws))
            seeds = ' and '.join(dict.fromkeys(f'{draw.seed}' for draw in self._draws))
            words.append(f'part {self.part} (held out: {shares}, seed {seeds})')
        return ', '.join(words)

    def read_items(self) -> list:
        """Returns a dict with ``img_path`` and ``gt_label`` for each image of the split."""
        raise NotImplementedError

    def load_data_list(self) -> list:
        """Reads the split and takes the wanted part of it."""
        if not Path(self.data_root).is_dir():
            raise ConvcutError(
                f'{self.data_root}: no such folder; expected the data of '
                f'{type(self).__name__} there (option data_root)'
            )
        items = self.read_items()
        if self._own_labels is not None:
            items = list(filter(None, map(self._chosen, items)))
        if not items:
            raise ConvcutError(f'{self.data_root}: the split "{self.split}" has no images')
        for draw in self._draws:
            try:
                items = [items[i] for i in draw.take([item['gt_label'] for item in items])]
            except ValueError as error:
                raise ConvcutError(
                    f'{self.data_root}: cannot hold out {draw.holdout:g} of the {len(items)} '
                    f'images of "{self.split}" by class: {error}'
                ) from None
        if self.class_ordered:
            items.sort(key=lambda item: item['gt_label'])  # stable within a class
        return items

    def _chosen(self, item: dict) -> dict | None:
        """The item with its label among the chosen classes, None if it is of another one."""
        if item['gt_label'] not in self._own_labels:
            return None
        item = {**item, 'gt_label': self._own_labels.index(item['gt_label'])}
        if 'gt_score' in item:
            scores = item['gt_score'][self._own_labels]
            item['gt_score'] = scores / scores.sum()
        return item

    def set_epoch(self, seed: int, epoch: int) -> None:
        """From now on the random draws for an image depend on seed, epoch and image only.

        And, where the sampler tells copies apart (see :class:`Repeat`), on how often the image has
        come before in the epoch. Not on the worker, the process, the batch or what was drawn
        before, so that runs with any number of processes, and runs that were interrupted, see the
        same images. Without this call (made by ``EpochSeedHook``) the draws follow the global
        generators.
        """
        self._draw_key[0], self._draw_key[1] = seed, epoch

    def prepare_data(self, idx: int) -> Any:
        """Runs the pipeline on one image.

        Args:
            idx (int): Number of the image; a :class:`Repeat` has draws of its own.

        Raises:
            ConvcutError: The image file is damaged.
        """
        if not self.has_own_draws:
            return self._run_pipeline(int(idx))
        with preserved_draws():
            self.seed_draws(idx)
            return self._run_pipeline(int(idx))

    @property
    def draw_key(self) -> tuple:
        """Seed and epoch of the draws; (-1, -1) before :meth:`set_epoch`."""
        return tuple(self._draw_key.tolist())

    @property
    def has_own_draws(self) -> bool:
        """Whether draws follow seed, epoch, image: after :meth:`set_epoch`, not in test mode."""
        return not self.test_mode and self.draw_key[1] >= 0

    def seed_draws(self, idx: int) -> None:
        """Seeds Python's, numpy's and torch's generators from seed, epoch, image, occurrence.

        The label that :meth:`item_for_pipeline` may draw comes first, then the pipeline's draws.
        """
        numbers = (*self.draw_key, int(idx), occurrence(idx))
        seeds = np.random.SeedSequence(numbers).generate_state(3)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        # not torch.manual_seed, which also seeds every GPU and so can't run in a forked worker
        torch.default_generator.manual_seed(int(seeds[2]))

    def item_for_pipeline(self, idx: int) -> dict:
        """The dict that enters the pipeline; subclasses may draw labels here."""
        return self.get_data_info(idx)

    def _run_pipeline(self, idx: int) -> Any:
        return self.decoded(self.item_for_pipeline(idx), self.pipeline)

    @staticmethod
    def decoded(item: dict, pipeline: Callable) -> Any:
        """``pipeline(item)``.

        Raises:
            ConvcutError: The image file has too many pixels to be decoded, or is damaged.
        """
        if 'img_path' in item:
            check_image_file(item['img_path'])
        try:
            return pipeline(item)
        except Exception as error:
            # each decoder has its own errors for damaged files, cv2 even AssertionError
            problem = damage(item['img_path']) if 'img_path' in item else None
            if problem is None:
                raise
            raise ConvcutError(
                f'{item["img_path"]}: not a whole image file ({problem})'
            ) from error

    def extra_repr(self) -> list:
        """Lines for ``print(dataset)``."""
        parts = '; '.join(map(str, self._draws))
        return [
            f'Root: \t{self.data_root}',
            f'Split: \t{self.split}' + (f' ({parts})' if parts else ''),
        ]
