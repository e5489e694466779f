"""The maps of a frozen backbone, computed once for all checkpoints that have the same backbone."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dataset import BaseDataset
from mmpretrain.models import ImageClassifier
from torch.utils.data import DataLoader

from ...errors import ConvcutError
from ...feature_store import StoreOptions, check_model, stored_loaders, take_features
from ...feature_store.plain import weights_sha256
from ...utils.progress import progress
from .batch_tester import BatchTester

MOST_BYTES = 4 << 30  # of maps in memory without a store
_AT_ONCE = 64
_LOGGER = logging.getLogger(__name__)


class FrozenMaps:
    """Computes the backbone's map of each test image, again only if the backbone has changed.

    Args:
        dataset (BaseDataset): The test set.
        loader (dict): Settings of its loader, as for :class:`BatchTester`.
        store (StoreOptions, optional): Take the maps from the feature store, which is filled if
            need be. Defaults to None: compute them from the images, in float32.
    """

    def __init__(
        self, dataset: BaseDataset, loader: dict[str, Any], store: StoreOptions | None = None
    ) -> None:
        self.dataset, self.loader, self.store = dataset, loader, store
        self._weights: str | None = None
        self._maps: torch.Tensor | None = None

    def of(self, model: Any) -> torch.Tensor | None:
        """Return the maps of a model that takes images.

        Args:
            model (ImageClassifier): The model, in eval mode.

        Returns:
            Tensor | None: (N, C, H, W), (N, L, C) or (N, C), on the CPU, in the store's type; None
            if the backbone is not frozen, or its maps are too large to keep without a store.

        Raises:
            ConvcutError: With a store: what it refuses, see docs/feature_store.md.
        """
        if self.store is None and not _can_be_kept(model):
            return None
        weights = weights_sha256(model.backbone)
        if weights != self._weights:
            self._maps = None  # frees the memory of the last backbone's
            self._maps = (
                self._computed(model) if self.store is None else self._stored(model, self.store)
            )
            self._weights = weights
        return self._maps

    @contextmanager
    def tester(self, model: Any) -> Iterator[BatchTester]:
        """Give a tester of a model, on the maps if there are any; then the model takes images."""
        maps = self.of(model)
        take_images: Callable[[], None] | None = None if maps is None else take_features(model)
        try:
            yield BatchTester(model, self.dataset, self.loader, maps)
        finally:
            if take_images is not None:
                take_images()

    @torch.inference_mode()
    def _computed(self, model: ImageClassifier) -> torch.Tensor | None:
        reader = BatchTester(model, self.dataset, self.loader)
        maps = None
        with progress('Computing maps', len(self.dataset)) as step:
            for start, data in zip(
                range(0, len(self.dataset), _AT_ONCE), reader.in_order(_AT_ONCE)
            ):
                inputs = model.data_preprocessor(data)['inputs']
                outputs = model.extract_feat(inputs, stage='backbone')
                if not isinstance(outputs, (tuple, list)) or len(outputs) != 1:
                    return None
                if maps is None:
                    if len(self.dataset) * outputs[0][0].nbytes > MOST_BYTES:
                        return None
                    maps = _memory(outputs[0], len(self.dataset))
                if outputs[0].shape[1:] != maps.shape[1:]:  # images of several sizes
                    return None
                maps[start : start + len(inputs)] = outputs[0].cpu()
                step(len(inputs))
        return maps

    def _stored(self, model: ImageClassifier, store: StoreOptions) -> torch.Tensor:
        images = DataLoader(
            self.dataset, batch_size=_AT_ONCE, num_workers=self.loader.get('num_workers', 0)
        )
        rows = stored_loaders(model, dict(test_dataloader=images), store, _LOGGER)
        parts = iter(rows['test_dataloader'])
        part = next(parts)['inputs'].cpu()
        maps = _memory(part, len(self.dataset))
        maps[: len(part)] = part
        start = len(part)
        for data in parts:
            part = data['inputs'].cpu()
            maps[start : start + len(part)] = part
            start += len(part)
        return maps


def _can_be_kept(model: Any) -> bool:
    try:
        check_model(model)
    except ConvcutError:  # it learns, or is no classifier with a backbone: nothing is shared
        return False
    return True


def _memory(part: torch.Tensor, images: int) -> torch.Tensor:
    """Return memory for the maps of all images, in the order of the first ones'."""
    shape = (images, *part.shape[1:])
    channels_last = part.ndim == 4 and part.is_contiguous(memory_format=torch.channels_last)
    order = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=part.dtype, memory_format=order)
