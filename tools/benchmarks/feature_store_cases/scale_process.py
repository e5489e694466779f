"""A rank of the case ``scale``: build or open a store of small rows, verify it, read an epoch."""

import io
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from convcut_mm.datasets import FERDataset
from convcut_mm.feature_store import StoreOptions, entries, stored_loaders
from convcut_mm.feature_store.computer import FeatureComputer
from convcut_mm.feature_store.row import StoredRow
from convcut_mm.feature_store.upkeep import remove_damaged
from convcut_mm.feature_store.wanted import WantedRow
from convcut_mm.utils.progress import progress

LOGGER = logging.getLogger('scale')
VIEWS = 2  # of an image: as it is, and mirrored
BATCH = 128
_IN_A_FOLDER = 1000
_SIDE = 16  # pixels of an image file

MODEL = dict(
    type='ImageClassifier',
    backbone=dict(type='FrozenPatches'),
    head=dict(type='LinearClsHead', in_channels=96, num_classes=7),
    data_preprocessor=dict(type='ClsDataPreprocessor', mean=[128.0] * 3, std=[64.0] * 3),
)
PIPELINE = [
    dict(type='LoadImageFromFile', imdecode_backend='cv2'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]


class Rank(NamedTuple):
    """A process among those of a measurement, and the port by which they meet."""

    number: int
    world_size: int
    port: int


@MODELS.register_module()
class FrozenPatches(nn.Conv2d):
    """A frozen backbone, (B, 3, 16, 16) -> (B, 96, 1, 1), that takes less time than an image."""

    def __init__(self) -> None:
        super().__init__(3, 96, _SIDE, _SIDE)
        self.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:  # type: ignore[override]
        """Compute one map."""
        return (super().forward(images),)


@DATASETS.register_module()
class NumberedImages(FERDataset):
    """The first images of :func:`write_images`; listing them does not read the disk."""

    SPLITS = ('train',)
    METAINFO = dict(classes=tuple('abcdefg'))

    def __init__(self, data_root: str, count: int, **kwargs) -> None:
        self.count = count
        super().__init__(data_root=data_root, split='train', **kwargs)

    def read_items(self) -> list[dict]:
        """Name the files; classes take turns."""
        paths = image_paths(Path(self.data_root), self.count)
        return [dict(img_path=str(path), gt_label=number % 7) for number, path in enumerate(paths)]


def image_paths(root: Path, count: int) -> Iterator[Path]:
    """Return the paths of the first images."""
    return (
        root / f'{number // _IN_A_FOLDER:04d}' / f'{number:07d}.png' for number in range(count)
    )


def write_images(root: Path, count: int) -> None:
    """Write so many grey images of 16x16 pixels, all different; keep whole folders of them."""
    root.mkdir(parents=True, exist_ok=True)
    with progress('Writing images', count) as step:
        for first in range(0, count, _IN_A_FOLDER):
            folder = root / f'{first // _IN_A_FOLDER:04d}'
            if not folder.exists():
                draft = folder.with_name('draft')
                draft.mkdir(exist_ok=True)
                for number in range(first, first + _IN_A_FOLDER):
                    (draft / f'{number:07d}.png').write_bytes(_png(number))
                draft.rename(folder)
            step(_IN_A_FOLDER)


def _png(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (_SIDE, _SIDE), dtype=np.uint8)
    pixels[0, :4] = np.frombuffer(number.to_bytes(4, 'big'), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, 'png', compress_level=0)
    return content.getvalue()


def measure(
    images: Path, count: int, store: Path, steps: list[str], made_up: bool, rank: Rank
) -> dict:
    """Do some steps of 'build', 'open', 'verify', 'epoch' in a process of its own.

    Args:
        images: Folder of :func:`write_images`.
        count: How many of its images to use.
        store: Folder of the store; 'build' wants an empty one, the rest a full one.
        steps: What to do, 'build' or 'open' first.
        made_up: Build with zeros in the place of computed features: images are only hashed.
        rank: Which process this is.

    Returns:
        When each step began and ended, by the clock ``time.monotonic``, and its CPU seconds.
    """
    torch.set_num_threads(1)
    if made_up:  # this process is a fork, which ends with its steps
        FeatureComputer._batch = _zeros  # type: ignore[method-assign,assignment]
    if rank.world_size > 1:
        os.environ.update(
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=str(rank.port),
            RANK=str(rank.number),
            LOCAL_RANK=str(rank.number),
            WORLD_SIZE=str(rank.world_size),
        )
        torch.distributed.init_process_group('gloo')
    times = {}
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        torch.manual_seed(0)
        model = MODELS.build(MODEL)
        loader = _loader(images, count)
        options = StoreOptions(str(store), batch_size=64)

        def open_it() -> None:
            nonlocal loader
            loader = stored_loaders(model, dict(train=loader), options, LOGGER)['train']

        actions: dict[str, Callable[[], None]] = dict(
            build=open_it, open=open_it, verify=lambda: _verify(store), epoch=lambda: _read(loader)
        )
        for step in steps:
            barrier()
            begun, cpu = time.monotonic(), time.process_time()
            actions[step]()
            barrier()
            times[step] = begun, time.monotonic(), time.process_time() - cpu
    return times


def _zeros(
    computer: FeatureComputer, part: Sequence[WantedRow], shape: tuple[int, ...]
) -> tuple[list[StoredRow], torch.Tensor]:
    """Stand in for the computation of a batch."""
    meta = dict(ori_shape=[_SIDE, _SIDE], img_shape=[_SIDE, _SIDE])
    rows = [replace(one.row, meta=meta) for one in part]
    return rows, torch.zeros(len(part), *shape, dtype=computer.dtype)


def _loader(images: Path, count: int) -> DataLoader:
    dataset = dict(type='NumberedImages', data_root=str(images), count=count, pipeline=PIPELINE)
    sampler = dict(type='DefaultSampler', shuffle=True)
    settings = dict(batch_size=BATCH, num_workers=0, dataset=dataset, sampler=sampler)
    return Runner.build_dataloader(settings, seed=0)


def _verify(store: Path) -> None:
    (entry,) = entries(store)[0]
    remove_damaged(entry, LOGGER, *get_dist_info())


def _read(loader: DataLoader) -> None:
    cast(FERDataset, loader.dataset).set_epoch(0, 0)
    for _ in loader:
        pass
