"""The metric that tools/test.py adds to a config: accuracies with intervals."""

import logging
from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ...errors import ConvcutError
from ..functional.evaluate import evaluate
from ..predictions import Predictions, predictions_of, subsets
from .dump_predictions import own_copy

_NEEDED = ('img_path', 'gt_label', 'pred_score', 'pred_label', 'duplicate')


@METRICS.register_module()
class CollectPredictions(BaseMetric):
    """Accuracies with 95 % intervals over the predictions of all processes.

    The metrics are ``overall_accuracy``, ``mean_class_accuracy`` (over the classes that have
    images) and, for each, ``..._interval``: the ends of the bootstrap interval over images, all
    in per cent. If images have no names or several labels, a warning says so and there are none.
    If the data set marks images of which another split has a copy, the same follow for the other
    images, ``..._clean``, and their number, ``clean_images``.

    Args:
        **kwargs: See mmengine's ``BaseMetric``.

    Attributes:
        predictions (Predictions, optional): Predictions of the last test, in the first process.
    """

    default_prefix = 'convcut'

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.predictions: Predictions | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep name, label and probabilities of each image."""
        self.results.extend(
            own_copy({key: sample[key] for key in _NEEDED if key in sample})
            for sample in data_samples
        )

    def compute_metrics(self, results: list[dict]) -> dict[str, Any]:
        """Return the accuracies and the ends of their intervals."""
        self.predictions = None
        classes = (self.dataset_meta or {}).get('classes')
        try:
            predictions = predictions_of(results, 'the test', classes)
        except ConvcutError as error:
            print_log(f'no intervals: {error}', logger='current', level=logging.WARNING)
            return {}
        self.predictions = predictions
        metrics: dict[str, Any] = {}
        for suffix, chosen in subsets(predictions.duplicate, len(predictions.labels)).items():
            found = evaluate(
                predictions.labels[chosen],
                predictions.pred_labels[chosen],
                predictions.probabilities.shape[1],
            )
            ending = '' if suffix == 'all' else f'_{suffix}'
            for name in ('overall_accuracy', 'mean_class_accuracy'):
                estimate = getattr(found, name)
                metrics[f'{name}{ending}'] = estimate.value
                metrics[f'{name}{ending}_interval'] = list(estimate.interval)
            if ending:
                metrics[f'{suffix}_images'] = int(chosen.sum())
        return metrics
