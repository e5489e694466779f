"""One module that computes probabilities from pixels."""

from typing import Any

import torch
from torch import nn

from ..errors import ConvcutError
from ..models.utils import batch_dependent_parts


class FaceGraph(nn.Module):
    """A model with its preprocessing and the softmax.

    Args:
        model (nn.Module): mmpretrain's ``ImageClassifier`` or a similar model, in eval mode.

    Raises:
        ConvcutError: The model depends on its batch, or its data preprocessor pads.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        parts = batch_dependent_parts(model)
        if parts:
            raise ConvcutError(
                f'{", ".join(parts)} looks at the other images of the batch, so the prediction '
                'for a face depends on the other faces and would change with the batch size; '
                'export a variant that judges each image by itself'
            )
        preprocessor: Any = model.data_preprocessor
        if getattr(preprocessor, 'pad_size_divisor', 1) > 1:
            raise ConvcutError(
                'data_preprocessor.pad_size_divisor: cannot be exported, set it to 1'
            )
        self.model = model
        # the data preprocessor expects BGR, the exported file takes RGB
        self.blue_first = not preprocessor.to_rgb
        mean, std = (getattr(preprocessor, name, None) for name in ('mean', 'std'))
        self.register_buffer('mean', torch.zeros(3, 1, 1) if mean is None else mean)
        self.register_buffer('std', torch.ones(3, 1, 1) if std is None else std)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Return probabilities (N, C) of uint8 RGB faces (N, size, size, 3)."""
        x = faces.permute(0, 3, 1, 2)
        if self.blue_first:
            x = x.flip(1)
        x = (x.float() - self.mean) / self.std
        return self.model(x, mode='tensor').softmax(dim=1)
