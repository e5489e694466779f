"""The loader: batches of stored features, gathered whole."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import islice

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ..datasets import FERDataset
from ..datasets.samplers import occurrence
from ..datasets.utils.epoch_seed import preserved_generators
from .store import StoreEntry
from .views import Views

# batches whose draws are made at once: one by one, between train steps, they take thrice as long
AHEAD = 64


class MappedRows:
    """Rows in the store's memory-mapped files.

    Args:
        entry (StoreEntry): The entry.
        places (Sequence[tuple]): Shard and number of each row.
    """

    def __init__(self, entry: StoreEntry, places: Sequence[tuple]) -> None:
        self.shape, self.dtype, self.row_bytes = entry.shape, entry.dtype, entry.row_bytes
        self._locks = entry.locks  # held as long as the rows are used
        shards = {shard: entry.mapped(shard) for shard in {shard for shard, _ in places}}
        self._places = [(shards[shard], number) for shard, number in places]

    def __len__(self) -> int:
        return len(self._places)

    def gather(self, positions: Sequence[int]) -> torch.Tensor:
        """Copies rows into one tensor, (B, H, W, C) for maps, of the store's dtype."""
        content = np.empty((len(positions), self.row_bytes), np.uint8)
        for target, position in zip(content, positions):
            shard, number = self._places[position]
            target[:] = shard[number]
        return torch.from_numpy(content).view(self.dtype).view(-1, *self.shape)


class ResidentRows:
    """The same rows in the memory of a device.

    Args:
        rows (MappedRows): Where they come from.
        device (torch.device): Where they go.
    """

    def __init__(self, rows: MappedRows, device: torch.device) -> None:
        self._rows = torch.empty(len(rows), *rows.shape, dtype=rows.dtype, device=device)
        for start in range(0, len(rows), 256):
            part = range(start, min(start + 256, len(rows)))
            self._rows[part.start : part.stop] = rows.gather(part).to(device)

    def __len__(self) -> int:
        return len(self._rows)

    def gather(self, positions: Sequence[int]) -> torch.Tensor:
        """Picks rows, (B, H, W, C) for maps."""
        return self._rows[torch.as_tensor(positions, device=self._rows.device)]


class StoredViews(Dataset):
    """A data set whose samples are stored features, and which is read by whole batches.

    Labels and draws come from the data set behind it: label first, then the view, from the
    generators that ``FERDataset.seed_draws`` seeds, so that an epoch sees the views that it would
    see without a store.

    Args:
        dataset (FERDataset): The images' data set; its attributes can be read here too.
        views (Views): Its pipeline, taken apart.
        rows (MappedRows | ResidentRows): The features.
        positions (dict): Position in ``rows`` of each view of each image: {view: [int, ...]}.
        metas (list[dict]): What the pipeline found out about each image.
    """

    def __init__(
        self, dataset: FERDataset, views: Views, rows, positions: dict, metas: list
    ) -> None:
        self.dataset, self.views, self.rows = dataset, views, rows
        self.positions, self.metas = positions, metas
        self._unflipped = views.names[0]
        self._ahead: deque = deque()

    def __getattr__(self, name: str):
        if name == 'dataset':  # not set yet: unpickling asks
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitems__(self, indices: Sequence[int]) -> dict:
        """A whole batch: torch's loader asks for this where it exists.

        Args:
            indices (Sequence[int]): Numbers of the images; a ``Repeat`` has draws of its own.

        Returns:
            dict: ``inputs``, (B, C, H, W) of the store's dtype in channels-last order, or what the
            backbone gives instead of maps, and ``data_samples``, as from the pipeline.
        """
        drawn = [self._ahead.popleft() for _ in range(min(len(indices), len(self._ahead)))]
        if self._keys(indices) != [one[0] for one in drawn]:
            self.draw_ahead(indices)
            drawn, self._ahead = self._ahead, deque()
        inputs = self.rows.gather([position for _, position, _ in drawn])
        if inputs.ndim == 4:
            inputs = inputs.permute(0, 3, 1, 2)
        return dict(inputs=inputs, data_samples=[sample for *_, sample in drawn])

    def draw_ahead(self, indices: Sequence[int]) -> None:
        """Draws labels and views for the images that will be asked for next, in this order.

        Args:
            indices (Sequence[int]): Numbers of the images.
        """
        reproducible = self.dataset.is_reproducible
        self._ahead = deque()
        with preserved_generators() if reproducible else nullcontext():
            for idx, draws_of in zip(indices, self._keys(indices)):
                if reproducible:
                    self.dataset.epoch_seed.seed_generators(idx)
                item = self.dataset.item_for_pipeline(int(idx))
                drawn = self.views.draw()
                view = drawn.get('flip_direction') or self._unflipped
                sample = self.views.sample(item, self.metas[idx], drawn)
                self._ahead.append((draws_of, self.positions[view][idx], sample))

    def _keys(self, indices: Sequence[int]) -> list[tuple]:
        """What the draws for each image depend on."""
        key = self.dataset.epoch_seed.key
        return [(key, int(idx), occurrence(idx)) for idx in indices]


class DrawsAhead(Sampler):
    """Batches of another batch sampler, announced to the data set some time before.

    Args:
        batches (Iterable): A batch sampler.
        dataset (StoredViews): Who is told.
    """

    def __init__(self, batches, dataset: StoredViews) -> None:
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
            self.dataset.draw_ahead([idx for batch in announced for idx in batch])
            yield from announced


def stored_loader(loader: DataLoader, dataset: StoredViews) -> DataLoader:
    """The loader with stored features in the place of images: same sampler, same batches.

    Args:
        loader (DataLoader): The loader of the images.
        dataset (StoredViews): Its data set's features.
    """
    return DataLoader(
        dataset,
        batch_sampler=DrawsAhead(loader.batch_sampler, dataset),
        collate_fn=_as_it_is,
        num_workers=0,
        pin_memory=loader.pin_memory,
    )


def _as_it_is(batch: dict) -> dict:
    return batch
