"""Test a model on batches that the caller chooses."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import FUNCTIONS
from mmpretrain.models.heads import ClsHead
from torch import nn
from torch.utils.data import DataLoader

from ...errors import ConvcutError

STRICTER = 0.1  # features must match the whole model within this fraction of the tolerance


class BatchTester:
    """A model and a data set, tested in batches that the caller chooses.

    Most models depend on the batch in their head at most. Then only the head runs, on features
    that :meth:`store_features` computed once, and hundreds of batches take a second.
    :meth:`features_hold` checks that against the whole model.

    Args:
        model (nn.Module): The model, on its device; it is put into eval mode.
        dataset (BaseDataset): A data set with one ``gt_label`` an image.
        loader (dict): Settings of the data loader; ``num_workers``, ``pin_memory`` and
            ``collate_fn`` are used.
        maps (Tensor, optional): The backbone's map of each image, (N, ...), for a model that
            :func:`~convcut_mm.feature_store.take_features` made to take maps. Defaults to None:
            the images are read.
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: BaseDataset,
        loader: dict[str, Any],
        maps: torch.Tensor | None = None,
    ) -> None:
        # Any: mmpretrain's models have methods that nn.Module does not declare
        self.model: Any = model.eval()
        self.dataset = dataset
        self.workers = loader.get('num_workers', 0)
        self.pin_memory = loader.get('pin_memory', False)
        collate = loader.get('collate_fn') or dict(type='default_collate')
        self.collate = FUNCTIONS.get(collate['type'])
        self.maps = maps
        self.features: tuple[torch.Tensor, ...] | None = None
        self._scores: Callable[[Any], torch.Tensor] = self._predicted

    def __len__(self) -> int:
        return len(self.dataset)

    def labels(self) -> np.ndarray:
        """Return the class of each image, (N,).

        Raises:
            ConvcutError: The data set is empty or has images without exactly one class.
        """
        labels = [self.dataset.get_data_info(i).get('gt_label') for i in range(len(self))]
        if not labels or not all(isinstance(label, (int, np.integer)) for label in labels):
            raise ConvcutError(
                f'test_dataloader.dataset ({type(self.dataset).__name__}): expected images with '
                'one class each'
            )
        return np.array(labels)

    @torch.inference_mode()
    def store_features(
        self, batch_size: int, step: Callable[[int], Any] = lambda images: None
    ) -> None:
        """Compute the input of the head once for each image, if the model has such a head.

        Args:
            batch_size (int): Images in a forward pass.
            step (callable): Called with the number of images of each finished batch.
        """
        self.features = None
        head = getattr(self.model, 'head', None)
        if not hasattr(self.model, 'extract_feat') or not hasattr(head, 'predict'):
            return
        parts = []
        for data in self.in_order(batch_size):
            inputs = self.model.data_preprocessor(data)['inputs']
            maps = self.model.extract_feat(inputs)
            if not isinstance(maps, (tuple, list)) or not all(map(torch.is_tensor, maps)):
                return
            parts.append([one.cpu() for one in maps])
            step(len(inputs))
        columns = list(zip(*parts))
        # images of several sizes give maps of several sizes
        if all(len({one.shape[1:] for one in column}) == 1 for column in columns):
            self.features = tuple(torch.cat(column) for column in columns)

    def in_order(self, batch_size: int) -> Iterable[dict[str, Any]]:
        """Read all images, or their maps, in the order of the data set."""
        order = np.arange(len(self))
        return self._read(np.split(order, range(batch_size, len(order), batch_size)))

    def features_hold(self, batches: Sequence[np.ndarray], tolerance: float) -> bool:
        """Check that the head on stored features computes what the whole model computes.

        If not, drop the features, so that :meth:`probabilities` runs the whole model. The softmax
        of the head's output is tried before the head's own ``predict``, which is several times as
        slow, because it makes a ``DataSample`` of each image.

        Args:
            batches (Sequence[ndarray]): Batches to try, some of each kind that will be tested.
            tolerance (float): Largest difference of a probability that counts as numerical noise.
        """
        if self.features is None:
            return False
        whole = list(self._whole(batches))
        plain = [self._softmax] if isinstance(self.model.head, ClsHead) else []
        for scores in (*plain, self._predicted):
            self._scores = scores
            heads = map(self._head, batches)
            if all(_close(one, head, STRICTER * tolerance) for one, head in zip(whole, heads)):
                return True
        self.features = None
        return False

    def probabilities(
        self, batches: Sequence[np.ndarray], step: Callable[[int], Any] = lambda images: None
    ) -> np.ndarray:
        """Test each image in its batch.

        Args:
            batches (Sequence[ndarray]): Indices into the data set, each of the N images once.
            step (callable): Called with the number of images of each finished batch.

        Returns:
            ndarray: Probabilities (N, C), in the order of the data set.
        """
        parts = []
        tested = self._whole(batches) if self.features is None else map(self._head, batches)
        for part in tested:
            parts.append(part)
            step(len(part))
        together = np.concatenate(parts)
        probabilities = np.empty_like(together)
        probabilities[np.concatenate(batches)] = together
        return probabilities

    @torch.inference_mode()
    def _head(self, batch: np.ndarray) -> np.ndarray:
        device = next(self.model.parameters()).device
        indices = torch.from_numpy(batch)
        maps = tuple(one[indices].to(device) for one in self.features or ())
        return self._scores(maps).float().cpu().numpy()

    def _softmax(self, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.softmax(self.model.head(maps), dim=1)

    def _predicted(self, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return _probabilities(self.model.head.predict(maps, None))

    def _whole(self, batches: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        for data in self._read(batches):
            with torch.inference_mode():
                samples = self.model.test_step(data)
            yield _probabilities(samples).float().cpu().numpy()

    def _read(self, batches: Sequence[np.ndarray]) -> Iterable[dict[str, Any]]:
        if self.maps is not None:
            maps = self.maps
            return (dict(inputs=maps[torch.from_numpy(batch)]) for batch in batches)
        return DataLoader(
            self.dataset,
            batch_sampler=[batch.tolist() for batch in batches],
            num_workers=self.workers,
            pin_memory=self.pin_memory,
            collate_fn=self.collate,
        )


def _probabilities(samples: Sequence) -> torch.Tensor:
    return torch.stack([sample.pred_score for sample in samples])


def _close(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    # a head for several labels an image has other outputs than its softmax
    return one.shape == other.shape and bool(np.abs(one - other).max(initial=0) <= tolerance)
