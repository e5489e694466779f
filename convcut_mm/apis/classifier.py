"""A trained model, ready to be shown images: the model of a config with a checkpoint's weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Optional, Union

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from mmpretrain import get_model
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import TRANSFORMS
from torch import nn

from ..datasets.builder import build_dataset, class_names
from ..datasets.utils.decoding import run_pipeline
from ..errors import ConvcutError
from ..models.utils import is_batch_dependent
from ..utils.checkpoint_fit import load_whole
from ..utils.checks import classes_in, compute_device
from ..utils.config import merge_options, read_config
from ..utils.logs import warnings_only
from ..utils.progress import progress


class LabelledImage(NamedTuple):
    """An image file with its class, None if that is not known."""

    path: str
    label: Optional[int]


@dataclass
class Classifier:
    """A model in eval mode and what its config says about its input.

    Attributes:
        name (str): What the pictures call it.
        config (Config): Its config.
        model (nn.Module): mmpretrain's ``ImageClassifier`` or alike.
        classes (tuple[str]): Class names in the order of the labels.
    """

    name: str
    config: Config
    model: nn.Module
    classes: tuple

    @cached_property
    def pipeline(self) -> Compose:
        """The transforms of the test set."""
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return Compose(
                [TRANSFORMS.build(step) for step in self.config.test_dataloader.dataset.pipeline]
            )

    @cached_property
    def test_images(self) -> list:
        """The images of the test set, ``list[LabelledImage]``."""
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
        return self.model.data_preprocessor(default_collate(items), False)['inputs']

    def batches(self, paths: Sequence[str], title: str, batch_size: int = 32) -> Iterator:
        """Goes through images with a progress bar.

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
    def scores(self, paths: Sequence[str]) -> np.ndarray:
        """Class probabilities, (N, number of classes)."""
        parts = [
            self.model(batch).softmax(dim=1).cpu().numpy()
            for batch in self.batches(paths, f'{self.name}: testing')
        ]
        return np.concatenate(parts)


def load_classifier(
    config_file: Union[str, Path],
    checkpoint: str,
    name: Optional[str] = None,
    cfg_options: Optional[dict] = None,
    device: Optional[str] = None,
) -> Classifier:
    """Builds the model of a config and loads weights that have to fit it to the last key.

    Args:
        config_file (str | Path): Config file.
        checkpoint (str): Path or URL of a checkpoint; code in it is never run.
        name (str, optional): What the pictures call it. Defaults to the config's name.
        cfg_options (dict, optional): Settings that override the config's.
        device (str, optional): Where it computes. Defaults to a GPU if there is one.

    Raises:
        ConvcutError: No such file, or weights of another architecture.
    """
    config = read_model_config(config_file, cfg_options)
    where = compute_device(device)
    weights = CheckpointLoader.load_checkpoint(
        str(checkpoint), map_location='cpu', logger='silent'
    )
    with warnings_only():
        model = get_model(config)
    meta = load_whole(model, weights, str(checkpoint), str(config_file))
    classes = classes_in(meta, str(checkpoint))
    model.to(where).eval()
    classes = tuple(classes or class_names(config))
    return Classifier(name or Path(config_file).stem, config, model, classes)


def read_model_config(path: Union[str, Path], cfg_options: Optional[dict] = None) -> Config:
    """Reads a config that has a test set.

    Args:
        path (str | Path): Config file.
        cfg_options (dict, optional): Settings that override the config's.

    Raises:
        ConvcutError: No such file, no config, or one without ``test_dataloader``.
    """
    config = read_config(path)
    merge_options(config, cfg_options)
    if config.get('test_dataloader') is None:
        raise ConvcutError(f'{path}: has no test_dataloader, so there is nothing to show')
    return config
