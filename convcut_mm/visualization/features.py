"""The vectors that a model makes of images, at one of its stages."""

from collections.abc import Sequence

import numpy as np
import torch

from ..apis.classifier import Classifier
from ..errors import ConvcutError

STAGES = ('pre_logits', 'neck', 'backbone')


@torch.no_grad()
def extract_features(
    classifier: Classifier, paths: Sequence[str], stage: str = 'pre_logits'
) -> np.ndarray:
    """Features of images, maps averaged over their positions.

    Args:
        classifier (Classifier): The model.
        paths (Sequence[str]): Image files.
        stage (str): 'pre_logits' for what the head classifies from, 'neck' or 'backbone' for the
            map behind them. Defaults to 'pre_logits'.

    Returns:
        ndarray: (N, D) float32.

    Raises:
        ConvcutError: The head has no features of its own, or they are no vectors.
    """
    if stage == 'pre_logits' and not hasattr(classifier.model.head, 'pre_logits'):
        raise ConvcutError(
            f'{classifier.name}: its head has no pre_logits; use --stage backbone or neck'
        )
    parts = []
    for batch in classifier.batches(paths, f'{classifier.name}: {stage}'):
        features = classifier.model.extract_feat(batch, stage=stage)
        if isinstance(features, (tuple, list)):
            features = features[-1]
        if features.ndim == 4:
            features = features.mean(dim=(2, 3))
        if features.ndim != 2:
            raise ConvcutError(
                f'{classifier.name}: stage {stage} gives {tuple(features.shape)}, expected a '
                'map or a vector for each image'
            )
        parts.append(features.float().cpu().numpy())
    return np.concatenate(parts)
