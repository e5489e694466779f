from .accuracy import (
    class_accuracies,
    confusion_matrices,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)
from .bootstrap import bootstrap
from .estimate import Estimate
from .evaluate import Metrics, difference, evaluate
from .ground_truth import GroundTruth, ground_truth, match_images, predictions_for
from .metrics import CollectPredictions, DumpPredictions
from .prediction_csv import read_csv
from .predictions import PICKLE_SUFFIXES, Predictions, load_predictions, predictions_of
from .report import (
    class_table,
    estimate_text,
    interval_text,
    markdown_table,
    method_table,
    summary_lines,
)
from .safe_pickle import load_pickle

__all__ = [
    'CollectPredictions',
    'DumpPredictions',
    'Estimate',
    'GroundTruth',
    'Metrics',
    'PICKLE_SUFFIXES',
    'Predictions',
    'bootstrap',
    'class_accuracies',
    'class_table',
    'confusion_matrices',
    'difference',
    'estimate_text',
    'evaluate',
    'ground_truth',
    'interval_text',
    'load_pickle',
    'load_predictions',
    'macro_f1',
    'markdown_table',
    'match_images',
    'mean_class_accuracy',
    'method_table',
    'overall_accuracy',
    'predictions_for',
    'predictions_of',
    'read_csv',
    'summary_lines',
]
