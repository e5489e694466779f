"""Extract a feature vector for each image at one stage of a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..apis.classifier import Classifier
from ..errors import ConvcutError


@torch.no_grad()
def extract_features(
    classifier: Classifier, paths: Sequence[str], stage: str = 'pre_logits'
) -> np.ndarray:
    """Return the features of images; maps are averaged over their positions.

    Args:
        classifier (Classifier): The model.
        paths (Sequence[str]): Image files.
        stage (str): 'pre_logits' for the vector that the head classifies, 'neck' or 'backbone'
            for the map after it. Defaults to 'pre_logits'.

    Returns:
        ndarray: (N, D) float32.

    Raises:
        ConvcutError: The head has no ``pre_logits``, or the features are neither maps nor vectors.
    """
    model: Any = classifier.model  # nn.Module declares neither head nor extract_feat
    if stage == 'pre_logits' and not hasattr(model.head, 'pre_logits'):
        raise ConvcutError(
            f'{classifier.name}: its head has no pre_logits; use --stage backbone or neck'
        )
    parts = []
    for batch in classifier.batches(paths, f'{classifier.name}: {stage}'):
        features = model.extract_feat(batch, stage=stage)
        if isinstance(features, (tuple, list)):
            features = features[-1]
        if features.ndim == 4:
            features = features.mean(dim=(2, 3))
        if features.ndim != 2:
            raise ConvcutError(
                f'{classifier.name}: stage {stage} has the shape {tuple(features.shape)}, '
                'expected a map or a vector for each image; use another --stage'
            )
        parts.append(features.float().cpu().numpy())
    return np.concatenate(parts)
