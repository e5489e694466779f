"""The model itself in PyTorch."""

import numpy as np
import torch
from torch import nn

from ...models.utils import is_batch_dependent
from ...utils.forks import claim_threads
from ..classifier import Classifier
from .base import Backend


class TorchBackend(Backend):
    """Runs a classifier in PyTorch.

    A model that looks at its batch gets faces one by one: in larger batches each face would
    take part in what is said about the others.

    Args:
        classifier (Classifier): A model in eval mode, with its classes and test pipeline.

    Raises:
        ConvcutError: See :func:`~convcut_mm.apis.input_view.input_view`.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier, self.classes = classifier, classifier.classes
        self.size, self.crop_ratio = classifier.view
        self.grey = classifier.grey
        self._alone = is_batch_dependent(classifier.model)

    @property
    def model(self) -> nn.Module:
        """The network."""
        return self.classifier.model

    @torch.inference_mode()
    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Classify faces; see :class:`Backend`.

        Raises:
            ConvcutError: In a fork of the process that the model was loaded in, on a GPU.
        """
        claim_threads(next(self.model.parameters()).device)
        if not len(faces):
            return np.zeros((0, len(self.classes)), np.float32)
        # mmpretrain's pipelines read images blue first
        inputs = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1].transpose(0, 3, 1, 2)))
        parts = inputs.split(1 if self._alone else len(inputs))
        return np.concatenate([self._probabilities(part) for part in parts])

    def _probabilities(self, inputs: torch.Tensor) -> np.ndarray:
        logits = self.model(self.classifier.normalised(inputs), mode='tensor')
        return logits.float().softmax(dim=1).cpu().numpy()
