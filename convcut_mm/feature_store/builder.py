"""Computes the rows that an entry lacks, shared between all processes that want them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch
from rich.filesize import decimal
from torch import nn

from ..errors import ConvcutError
from ..utils.progress import progress
from .disk import check_room
from .manifest import DTYPES
from .row import Row, shard_name
from .store import StoreEntry

# what the loader's sample has of its own accord, or what a view decides
_NOT_OF_THE_IMAGE = ('sample_idx', 'img_path', 'flip', 'flip_direction')
_LIST_BYTES = 512  # of a row in the shard's list, at most
_WAIT = 0.2  # seconds between two looks at shards that other processes compute


@dataclass(frozen=True)
class Wanted:
    """A row, and how its image is read: ``load()`` gives a packed sample."""

    row: Row
    load: Callable


class FeatureComputer:
    """Runs images through data preprocessor and backbone, several batches side by side.

    On a CPU each thread computes a batch of its own with one core: two batches on one core each
    take less time than one after the other on two, in bfloat16 by a seventh.

    Args:
        model (nn.Module): An ``ImageClassifier`` with a frozen backbone.
        dtype (str): Type of the stored numbers.
        compute (str): 'float32', or 'bfloat16' for autocast, about twice as fast on a CPU that
            knows that format.
        batch_size (int): Images in a forward pass.
        threads (int): Batches that are read and computed side by side.
    """

    def __init__(
        self, model: nn.Module, dtype: str, compute: str, batch_size: int, threads: int
    ) -> None:
        self.model, self.dtype, self.compute = model, DTYPES[dtype], compute
        self.batch_size, self.threads = batch_size, max(1, threads)

    def row_shape(self, wanted: Wanted) -> tuple:
        """Shape of a row, (H, W, C), (L, C) or (C,), found by computing one."""
        return tuple(self._forward([wanted.load()], [wanted]).shape[1:])

    def batches(self, wanted: Sequence[Wanted], shape: tuple, step: Callable) -> Iterator[tuple]:
        """Yields rows, with what the pipeline found out, and their features (B, ...).

        Args:
            wanted (Sequence[Wanted]): The rows.
            shape (tuple[int]): The shape, (H, W, C) for maps, that all of them have to have.
            step (callable): Told how many rows are done.
        """
        parts = _parts(wanted, self.batch_size)
        with self._pool() as pool:
            for rows, features in pool.map(lambda part: self._batch(part, shape), parts):
                yield rows, features
                step(len(rows))

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        cores = torch.get_num_threads()
        on_cpu = torch.device(self.model.data_preprocessor.device).type == 'cpu'
        one_core = dict(initializer=torch.set_num_threads, initargs=(1,)) if on_cpu else {}
        try:
            with ThreadPoolExecutor(self.threads, **one_core) as pool:
                yield pool
        finally:
            torch.set_num_threads(cores)  # the setting is that of all threads started later, too

    def _batch(self, part: Sequence[Wanted], shape: tuple) -> tuple:
        packed = [one.load() for one in part]
        features = self._forward(packed, part)
        if tuple(features.shape[1:]) != shape:
            raise _other_size(part[0])
        rows = [replace(one.row, meta=_meta(sample)) for one, sample in zip(part, packed)]
        return rows, self._stored(features, part)

    @torch.inference_mode()
    def _forward(self, samples: list, wanted: Sequence[Wanted]) -> torch.Tensor:
        for sample, one in zip(samples, wanted):
            if sample['inputs'].shape != samples[0]['inputs'].shape:
                raise _other_size(one)
        data = dict(inputs=torch.stack([sample['inputs'] for sample in samples]))
        inputs = self.model.data_preprocessor(data)['inputs']
        in_format = (
            nullcontext()
            if self.compute == 'float32'
            else torch.autocast(inputs.device.type, dtype=DTYPES[self.compute])
        )
        with in_format:
            maps = self.model.extract_feat(inputs, stage='backbone')
        if not isinstance(maps, (tuple, list)) or len(maps) != 1 or not 2 <= maps[0].ndim <= 4:
            raise ConvcutError(
                f'the feature store needs a backbone that gives one map (N, C, H, W), or one '
                f'(N, L, C) or (N, C), {type(self.model.backbone).__name__} does not; choose one '
                'of its outputs (out_indices)'
            )
        return maps[0].permute(0, 2, 3, 1) if maps[0].ndim == 4 else maps[0]

    def _stored(self, features: torch.Tensor, wanted: Sequence[Wanted]) -> torch.Tensor:
        stored = features.to('cpu', self.dtype)
        finite = stored.isfinite().flatten(1).all(dim=1)
        if not finite.all():
            name = wanted[int(finite.int().argmin())].row.file
            raise ConvcutError(
                f'{name}: a feature is not finite as {str(self.dtype)[6:]}'
                ' (feature_store.dtype); bfloat16 and float32 hold larger numbers'
            )
        return stored


def _parts(wanted: Sequence[Wanted], size: int) -> list:
    """Batches; what is left at the end is cut in two, so that two threads end together."""
    whole = len(wanted) - len(wanted) % size
    middle = whole + (len(wanted) - whole + 1) // 2
    ends = [*range(size, whole + 1, size), middle, len(wanted)]
    return [wanted[start:end] for start, end in zip([0, *ends], ends) if end > start]


def _other_size(wanted: Wanted) -> ConvcutError:
    return ConvcutError(
        f'{wanted.row.file}: comes out of the pipeline in another size than the images before; '
        'the feature store needs one size, add a Resize to the pipeline'
    )


def _meta(sample: dict) -> dict:
    info = sample['data_samples'].metainfo
    return {key: info[key] for key in sorted(info) if key not in _NOT_OF_THE_IMAGE}


def build(
    entry: StoreEntry,
    wanted: Sequence[Wanted],
    computer: FeatureComputer,
    logger,
    rank: int = 0,
    world_size: int = 1,
) -> None:
    """Computes what the entry lacks of ``wanted``; returns when all of it is there.

    Processes share the work by the shards' locks, whether torchrun started them or two users did:
    each takes the shards of its rank, then those that nobody holds. A shard's rows and batches are
    the same whoever computes it, so the files are too.

    Args:
        entry (StoreEntry): Where the rows go.
        wanted (Sequence[Wanted]): The rows, in an order that is the same in each process.
        computer (FeatureComputer): Computes them.
        logger: Says what will be computed.
        rank (int): Number of this process. Defaults to 0.
        world_size (int): Number of processes. Defaults to 1.

    Raises:
        ConvcutError: Too little room on the disk.
    """
    entry.remove_leftovers()
    plan = plan_shards(entry, wanted)
    if not plan:
        return
    count = sum(len(part) for part in plan)
    needed = count * (entry.row_bytes + _LIST_BYTES)
    free = check_room(entry.folder, needed)
    logger.info(
        f'Feature store: {count} views to compute, {decimal(needed)}; '
        f'{decimal(free)} are free in {entry.folder.parent}'
    )
    todo = [
        part
        for first in range(world_size)
        for part in plan[(rank + first) % world_size :: world_size]
    ]
    waited = False
    with progress('Computing features', count, 'views', shown=rank == 0) as step:
        while todo:
            left = [part for part in todo if not _done(entry, part, computer, step)]
            if left and not waited and len(left) == len(todo):
                waited = True
                logger.info(
                    f'Feature store: other processes compute what is left of {entry.folder}'
                )
            if len(left) == len(todo):
                time.sleep(_WAIT)
            todo = left
    # of processes that were killed while this one went on
    entry.remove_leftovers()


def plan_shards(entry: StoreEntry, wanted: Sequence[Wanted]) -> list:
    """The missing rows, in shards.

    After an interruption the plan is what is left of the first one: only whole shards were taken
    away, and all but the last are of one size.
    """
    present = entry.index()
    missing = {one.row.key: one for one in wanted if one.row.key not in present}
    rows = list(missing.values())
    size = entry.rows_per_shard
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _done(entry: StoreEntry, part: list, computer: FeatureComputer, step: Callable) -> bool:
    """Computes a shard unless another process does; whether it is there afterwards."""
    shard = shard_name([one.row for one in part])
    with entry.locked(shard) as mine:
        if entry.has(shard):
            step(len(part))
            return True
        if not mine:
            return False
        try:
            entry.write_shard(shard, computer.batches(part, entry.shape, step))
        except OSError as error:
            raise ConvcutError(
                f'{entry.folder}: {error.strerror} while features were written; what is whole '
                'stays and the same command goes on from there, or choose another folder '
                '(--cache-features DIR)'
            ) from error
    return True
