"""A trained model with its classes and its test pipeline, ready to be shown images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import TRANSFORMS
from torch import nn

from ..datasets.builder import build_dataset
from ..datasets.utils.decoding import run_pipeline
from ..errors import ConvcutError
from ..models.utils import is_batch_dependent
from ..utils.progress import progress
from .input_view import InputView, input_view


class LabelledImage(NamedTuple):
    """An image file with its class, None if that is not known."""

    path: str
    label: int | None


@dataclass
class Classifier:
    """A model in eval mode and what its config says about its input.

    Attributes:
        name (str): What the pictures call it.
        config (Config): Its config, with a ``test_dataloader``.
        model (nn.Module): mmpretrain's ``ImageClassifier`` or alike.
        classes (tuple[str]): Class names in the order of the labels.
        grey (bool): Whether it was trained on grey faces only. Defaults to False.
    """

    name: str
    config: Config
    model: nn.Module
    classes: tuple[str, ...]
    grey: bool = False

    @cached_property
    def pipeline(self) -> Compose:
        """The transforms of the test set."""
        dataset = self.config.test_dataloader.dataset
        while 'pipeline' not in dataset and 'dataset' in dataset:  # wrapped, for example repeated
            dataset = dataset.dataset
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return Compose([TRANSFORMS.build(step) for step in dataset.pipeline])

    @cached_property
    def view(self) -> InputView:
        """Size of its input, and what that shows of a face image.

        Raises:
            ConvcutError: See :func:`~convcut_mm.apis.input_view.input_view`.
        """
        return input_view(self.pipeline.transforms)

    @cached_property
    def test_images(self) -> list[LabelledImage]:
        """The images of the test set."""
        infos = map(self.test_set.get_data_info, range(len(self.test_set)))
        return [LabelledImage(info['img_path'], int(info['gt_label'])) for info in infos]

    @cached_property
    def test_set(self) -> BaseDataset:
        """The test set of the config."""
        return build_dataset(self.config.test_dataloader.dataset)

    def inputs(self, path: str) -> torch.Tensor:
        """What the pipeline makes of an image file, before normalisation.

        Args:
            path (str): The file.

        Returns:
            Tensor: (3, H, W), 0 to 255, in the order blue, green, red.

        Raises:
            ConvcutError: No such file, or not a whole image.
        """
        if not Path(path).is_file():
            raise ConvcutError(f'{path}: no such image file')
        return run_pipeline({'img_path': str(path)}, self.pipeline)['inputs']

    def picture(self, path: str) -> np.ndarray:
        """An image as the model sees it: (H, W, 3) uint8, red, green, blue."""
        image = self.inputs(path).numpy()
        return image[::-1].transpose(1, 2, 0).astype(np.uint8)

    def batch(self, paths: Sequence[str]) -> torch.Tensor:
        """Normalised images, (N, 3, H, W), on the model's device."""
        items = [{'inputs': self.inputs(path)} for path in paths]
        sizes = {tuple(item['inputs'].shape) for item in items}
        if len(sizes) > 1:
            raise ConvcutError(
                f'{self.name}: its test pipeline gives images of several sizes, '
                f'{", ".join(map(str, sorted(sizes)))}; put a Resize to one size into it'
            )
        return self.normalised(default_collate(items)['inputs'])

    def normalised(self, inputs: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W), 0 to 255, blue first, as the network takes them, on its device."""
        preprocessor: Any = self.model.data_preprocessor  # which torch types as a tensor or module
        return preprocessor({'inputs': inputs}, False)['inputs']

    def batches(
        self, paths: Sequence[str], title: str, batch_size: int = 32
    ) -> Iterator[torch.Tensor]:
        """Go through images with a progress bar.

        A model that looks at its batch gets them one by one: in larger batches each image would
        take part in what is said about the others.

        Args:
            paths (Sequence[str]): Image files.
            title (str): Title of the progress bar.
            batch_size (int): Images a batch. Defaults to 32.

        Yields:
            Tensor: (N, 3, H, W), normalised.
        """
        if is_batch_dependent(self.model):
            batch_size = 1
        with progress(title, len(paths)) as step:
            for start in range(0, len(paths), batch_size):
                part = paths[start : start + batch_size]
                yield self.batch(part)
                step(len(part))

    @torch.no_grad()
    def probabilities(self, paths: Sequence[str]) -> np.ndarray:
        """Class probabilities of image files, (N, number of classes)."""
        parts = [
            self.model(batch).softmax(dim=1).cpu().numpy()
            for batch in self.batches(paths, f'{self.name}: testing')
        ]
        return np.concatenate(parts)
