"""What tools/test.py adds to a config's metrics: intervals, and the file of predictions."""

import logging
import pickle
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric, DumpResults
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ..errors import ConvcutError
from ..utils.atomic import write_atomically
from .evaluate import evaluate
from .predictions import predictions_of

_NEEDED = ('img_path', 'gt_label', 'pred_score', 'pred_label')


def _own(sample: dict) -> dict:
    # a score is a view of its batch's, and a pickled view takes the whole batch along
    return {
        key: value.detach().cpu().clone() if isinstance(value, torch.Tensor) else value
        for key, value in sample.items()
    }


@METRICS.register_module()
class CollectPredictions(BaseMetric):
    """Gathers the predictions of all processes and gives the accuracies with 95 % intervals.

    Its metrics are ``overall_accuracy``, ``mean_class_accuracy`` (over the classes that have
    images) and, for each, ``..._interval``: the ends of the bootstrap interval over images, all
    in per cent. Images without names or with several labels have none, which a warning says.

    Args:
        **kwargs: See mmengine's ``BaseMetric``.

    Attributes:
        predictions (Predictions, optional): Those of the last test, in the first process.
    """

    default_prefix = 'convcut'

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.predictions = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keeps name, label and scores of each image."""
        self.results.extend(
            _own({key: sample[key] for key in _NEEDED if key in sample}) for sample in data_samples
        )

    def compute_metrics(self, results: list) -> dict:
        """The accuracies and the ends of their intervals."""
        self.predictions = None
        classes = (self.dataset_meta or {}).get('classes')
        try:
            predictions = predictions_of(results, 'the test', classes)
        except ConvcutError as error:
            print_log(f'no intervals: {error}', logger='current', level=logging.WARNING)
            return {}
        self.predictions = predictions
        found = evaluate(predictions.labels, predictions.pred_labels, predictions.scores.shape[1])
        metrics = {}
        for name in ('overall_accuracy', 'mean_class_accuracy'):
            estimate = getattr(found, name)
            metrics[name] = estimate.value
            metrics[f'{name}_interval'] = list(estimate.interval)
        return metrics


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """mmengine's ``DumpResults`` with a file that is whole or absent, and no larger than needed.

    Args:
        out_file_path (str): A .pkl or .pickle file.
        **kwargs: See mmengine's ``DumpResults``.
    """

    def process(self, data_batch: Any, predictions: Sequence[dict]) -> None:
        """Keeps each image's sample."""
        super().process(data_batch, [_own(sample) for sample in predictions])

    def compute_metrics(self, results: list) -> dict:
        """Writes the samples."""
        write_atomically(self.out_file_path, pickle.dumps(results, protocol=4))
        print_log(f'Results has been saved to {self.out_file_path}.', logger='current')
        return {}
