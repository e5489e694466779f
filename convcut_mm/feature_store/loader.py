"""Loaders of stored features, which gather whole batches."""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch.utils.data import DataLoader, Dataset, Sampler

from ..datasets import FERDataset
from ..datasets.samplers import occurrence
from ..datasets.utils.epoch_seed import preserved_generators
from .store import StoreEntry
from .views import Views

# batches sampled at once: one by one, between train steps, they take three times as long
AHEAD = 64


class MappedRows:
    """Rows in the store's memory-mapped files.

    Args:
        entry: The entry.
        places: Shard and number of each row.
    """

    def __init__(self, entry: StoreEntry, places: Iterable[tuple[str, int]]) -> None:
        self.shape, self.dtype, self.row_bytes = entry.shape, entry.dtype, entry.row_bytes
        self._locks = entry.locks  # held as long as the rows are used
        shards: dict[str, int] = {}
        self._shard_of, self._number_of = array('I'), array('I')  # 8 bytes a row
        for shard, number in places:
            self._shard_of.append(shards.setdefault(shard, len(shards)))
            self._number_of.append(number)
        self._shards = [entry.mapped(shard) for shard in shards]

    def __len__(self) -> int:
        return len(self._number_of)

    def gather(self, positions: Sequence[int]) -> torch.Tensor:
        """Copy rows into one tensor, (B, H, W, C) for maps, of the store's dtype."""
        content = np.empty((len(positions), self.row_bytes), np.uint8)
        for target, position in zip(content, positions):
            target[:] = self._shards[self._shard_of[position]][self._number_of[position]]
        return torch.from_numpy(content).view(self.dtype).view(-1, *self.shape)


class ResidentRows:
    """Rows copied into the memory of a device.

    Args:
        rows: The rows in the store's files.
        device: The device.
    """

    def __init__(self, rows: MappedRows, device: torch.device) -> None:
        self._rows = torch.empty(len(rows), *rows.shape, dtype=rows.dtype, device=device)
        for start in range(0, len(rows), 256):
            part = range(start, min(start + 256, len(rows)))
            self._rows[part.start : part.stop] = rows.gather(part).to(device)

    def __len__(self) -> int:
        return len(self._rows)

    def gather(self, positions: Sequence[int]) -> torch.Tensor:
        """Pick rows, (B, H, W, C) for maps, on the device."""
        return self._rows[torch.as_tensor(positions, device=self._rows.device)]


class StoredViews(Dataset):
    """Data set of stored features, which is read by whole batches.

    Label and view of an image are sampled in this order, from the generators that ``EpochSeed``
    seeds, so that an epoch sees the same as without a store.

    Args:
        dataset: The data set of the images; its attributes can be read here too.
        views: Its pipeline, taken apart.
        rows: The features.
        positions: Position in ``rows`` of each view of each image: {view: [int, ...]}.
        metas: What the pipeline noted about each image.
    """

    def __init__(
        self,
        dataset: FERDataset,
        views: Views,
        rows: MappedRows | ResidentRows,
        positions: Mapping[str, Sequence[int]],
        metas: list[dict],
    ) -> None:
        self.dataset, self.views, self.rows = dataset, views, rows
        self.positions, self.metas = positions, metas
        self._unflipped = views.names[0]
        # what the samples of an image depend on, its position in rows, its data sample
        self._ahead: deque[tuple[tuple, int, BaseDataElement]] = deque()

    def __getattr__(self, name: str):
        if name == 'dataset':  # not set yet: unpickling asks
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitems__(self, indices: Sequence[int]) -> dict:
        """Return a whole batch; torch's loader calls this if it exists.

        Args:
            indices: Numbers of the images; a ``Repeat`` gets random numbers of its own.

        Returns:
            ``inputs``, (B, C, H, W) of the store's dtype in channels-last order, or what the
            backbone gives instead of maps, and ``data_samples``, as from the pipeline.
        """
        batch = [self._ahead.popleft() for _ in range(min(len(indices), len(self._ahead)))]
        if self._keys(indices) != [one[0] for one in batch]:
            self.sample_ahead(indices)
            batch = list(self._ahead)
            self._ahead.clear()
        inputs = self.rows.gather([position for _, position, _ in batch])
        if inputs.ndim == 4:
            inputs = inputs.permute(0, 3, 1, 2)
        return dict(inputs=inputs, data_samples=[sample for *_, sample in batch])

    def sample_ahead(self, indices: Sequence[int]) -> None:
        """Sample labels and views of the images that will be read next, in this order."""
        reproducible = self.dataset.is_reproducible
        self._ahead = deque()
        with preserved_generators() if reproducible else nullcontext():
            for idx, key in zip(indices, self._keys(indices)):
                if reproducible:
                    self.dataset.epoch_seed.seed_generators(idx)
                item = self.dataset.item_for_pipeline(int(idx))
                flip = self.views.sample_flip()
                view = flip.get('flip_direction') or self._unflipped
                sample = self.views.data_sample(item, self.metas[idx], flip)
                self._ahead.append((key, self.positions[view][idx], sample))

    def _keys(self, indices: Sequence[int]) -> list[tuple]:
        """Return what the random numbers of each image depend on."""
        key = self.dataset.epoch_seed.key
        return [(key, int(idx), occurrence(idx)) for idx in indices]


class AnnouncedBatches(Sampler):
    """Batches of another batch sampler, announced to the data set in advance.

    Args:
        batches: A batch sampler.
        dataset: The data set.
    """

    def __init__(self, batches: Any, dataset: StoredViews) -> None:
        self.batches, self.dataset = batches, dataset

    def __getattr__(self, name: str):
        if name == 'batches':  # not set yet: unpickling asks
            raise AttributeError(name)
        return getattr(self.batches, name)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator:
        batches = iter(self.batches)
        while announced := [list(batch) for batch in islice(batches, AHEAD)]:
            self.dataset.sample_ahead([idx for batch in announced for idx in batch])
            yield from announced


def stored_loader(loader: DataLoader, dataset: StoredViews) -> DataLoader:
    """Copy a loader, with stored features in the place of images and the same batches.

    Args:
        loader: The loader of the images.
        dataset: Features of its data set.
    """
    return DataLoader(
        dataset,
        batch_sampler=AnnouncedBatches(loader.batch_sampler, dataset),
        collate_fn=_as_it_is,
        num_workers=0,
        pin_memory=loader.pin_memory,
    )


def _as_it_is(batch: Any) -> Any:
    return batch
