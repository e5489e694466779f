"""The model itself in PyTorch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ...models.utils import is_batch_dependent
from ...utils.forks import claim_threads
from .base import Backend


class TorchBackend(Backend):
    """Runs a model of mmpretrain.

    A model that looks at its batch gets faces one by one: in larger batches each face would
    take part in what is said about the others.

    Args:
        model (nn.Module): mmpretrain's ``ImageClassifier`` or alike, in eval mode.
        classes (Sequence[str]): Class names.
        size (int): Side in pixels of its square input.
        grey (bool): See :class:`Backend`. Defaults to False.
        share (float): Likewise. Defaults to 1.
    """

    def __init__(
        self,
        model: nn.Module,
        classes: Sequence[str],
        size: int,
        grey: bool = False,
        share: float = 1.0,
    ) -> None:
        self.model, self.classes, self.size = model, tuple(classes), size
        self.grey, self.share = grey, share
        self._alone = is_batch_dependent(model)

    @torch.inference_mode()
    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Classifies faces; see :class:`Backend`.

        Raises:
            ConvcutError: In a fork of the process that the model was loaded in, on a GPU.
        """
        claim_threads(next(self.model.parameters()).device)
        if not len(faces):
            return np.zeros((0, len(self.classes)), np.float32)
        # mmpretrain's pipelines read images blue first
        inputs = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1].transpose(0, 3, 1, 2)))
        parts = inputs.split(1 if self._alone else len(inputs))
        return np.concatenate([self._scores(part) for part in parts])

    def _scores(self, inputs: torch.Tensor) -> np.ndarray:
        inputs = self.model.data_preprocessor({'inputs': inputs}, False)['inputs']
        return self.model(inputs, mode='tensor').float().softmax(dim=1).cpu().numpy()
