"""Computation of features: images through data preprocessor and backbone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import torch
from mmpretrain.models import ImageClassifier

from ..errors import ConvcutError
from .manifest import DTYPES
from .row import StoredRow
from .wanted import WantedRow

# keys that the loader's own sample has, or that a view determines
_NOT_OF_THE_IMAGE = ('sample_idx', 'img_path', 'flip', 'flip_direction')


class FeatureComputer:
    """Runs images through data preprocessor and backbone, several batches side by side.

    On a CPU each thread computes its own batch on one core: two batches on one core each take less
    time than one after the other on two, in bfloat16 by a seventh.

    Args:
        model: A classifier with a frozen backbone.
        dtype: Type of the stored numbers.
        compute: 'float32', or 'bfloat16' for autocast, about twice as fast on a CPU that supports
            that format.
        batch_size: Images in a forward pass.
        threads: Batches that are read and computed side by side.
    """

    def __init__(
        self, model: ImageClassifier, dtype: str, compute: str, batch_size: int, threads: int
    ) -> None:
        self.model, self.dtype, self.compute = model, DTYPES[dtype], compute
        self.batch_size, self.threads = batch_size, max(1, threads)

    def row_shape(self, wanted: WantedRow) -> tuple[int, ...]:
        """Compute one row to find its shape, (H, W, C), (L, C) or (C,)."""
        return tuple(self._forward([wanted.load()], [wanted]).shape[1:])

    def batches(
        self, wanted: Sequence[WantedRow], shape: tuple[int, ...], step: Callable[[int], None]
    ) -> Iterator[tuple[list[StoredRow], torch.Tensor]]:
        """Yield rows, with the pipeline's notes on the image, and their features (B, ...).

        Args:
            wanted: The rows.
            shape: The shape that every row must have, (H, W, C) for maps.
            step: Called with the number of rows done.

        Raises:
            ConvcutError: A row has another shape, or a feature is not finite.
        """
        parts = _batches_of(wanted, self.batch_size)
        with self._pool() as pool:
            for rows, features in pool.map(lambda part: self._batch(part, shape), parts):
                yield rows, features
                step(len(rows))

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        cores = torch.get_num_threads()
        on_cpu = torch.device(self.model.data_preprocessor.device).type == 'cpu'
        pool = (
            ThreadPoolExecutor(self.threads, initializer=torch.set_num_threads, initargs=(1,))
            if on_cpu
            else ThreadPoolExecutor(self.threads)
        )
        try:
            with pool:
                yield pool
        finally:
            torch.set_num_threads(cores)  # the setting also holds for all threads started later

    def _batch(
        self, part: Sequence[WantedRow], shape: tuple[int, ...]
    ) -> tuple[list[StoredRow], torch.Tensor]:
        packed = [one.load() for one in part]
        features = self._forward(packed, part)
        if tuple(features.shape[1:]) != shape:
            raise _other_size(part[0])
        rows = [replace(one.row, meta=_meta(sample)) for one, sample in zip(part, packed)]
        return rows, self._stored(features, part)

    @torch.inference_mode()
    def _forward(self, samples: list[dict], wanted: Sequence[WantedRow]) -> torch.Tensor:
        for sample, one in zip(samples, wanted):
            if sample['inputs'].shape != samples[0]['inputs'].shape:
                raise _other_size(one)
        data = dict(inputs=torch.stack([sample['inputs'] for sample in samples]))
        inputs = self.model.data_preprocessor(data)['inputs']
        precision: AbstractContextManager = nullcontext()
        if self.compute != 'float32':
            precision = torch.autocast(inputs.device.type, dtype=DTYPES[self.compute])
        with precision:
            maps = self.model.extract_feat(inputs, stage='backbone')
        if not isinstance(maps, (tuple, list)) or len(maps) != 1 or not 2 <= maps[0].ndim <= 4:
            raise ConvcutError(
                f'the feature store needs a backbone that gives one map (N, C, H, W), or one '
                f'(N, L, C) or (N, C), {type(self.model.backbone).__name__} does not; choose one '
                'of its outputs (out_indices)'
            )
        return maps[0].permute(0, 2, 3, 1) if maps[0].ndim == 4 else maps[0]

    def _stored(self, features: torch.Tensor, wanted: Sequence[WantedRow]) -> torch.Tensor:
        stored = features.to('cpu', self.dtype)
        finite = stored.isfinite().flatten(1).all(dim=1)
        if not finite.all():
            name = wanted[int(finite.int().argmin())].row.file
            raise ConvcutError(
                f'{name}: a feature is not finite as {str(self.dtype)[6:]}'
                ' (feature_store.dtype); bfloat16 and float32 hold larger numbers'
            )
        return stored


def _batches_of(wanted: Sequence[WantedRow], size: int) -> list[Sequence[WantedRow]]:
    """Cut rows into batches, and the rest in two, so that two threads finish together."""
    whole = len(wanted) - len(wanted) % size
    middle = whole + (len(wanted) - whole + 1) // 2
    ends = [*range(size, whole + 1, size), middle, len(wanted)]
    return [wanted[start:end] for start, end in zip([0, *ends], ends) if end > start]


def _other_size(wanted: WantedRow) -> ConvcutError:
    return ConvcutError(
        f'{wanted.row.file}: comes out of the pipeline in another size than the images before; '
        'the feature store needs one size, add a Resize to the pipeline'
    )


def _meta(sample: dict) -> dict:
    info = sample['data_samples'].metainfo
    return {key: info[key] for key in sorted(info) if key not in _NOT_OF_THE_IMAGE}
