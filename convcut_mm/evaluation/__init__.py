"""Metrics with confidence intervals, files of predictions, and the batch audit."""

from .functional import (
    Estimate,
    Metrics,
    bootstrap,
    class_accuracies,
    class_table,
    confusion_matrices,
    difference,
    estimate_text,
    evaluate,
    interval_text,
    macro_f1,
    markdown_table,
    mean_class_accuracy,
    method_table,
    overall_accuracy,
    summary_lines,
)
from .ground_truth import GroundTruth, ground_truth, match_images, predictions_for
from .metrics import CollectPredictions, DumpPredictions
from .prediction_csv import read_csv
from .predictions import SUFFIXES, Predictions, load_predictions, predictions_of
from .safe_pickle import load_pickle

__all__ = [
    'CollectPredictions',
    'DumpPredictions',
    'Estimate',
    'GroundTruth',
    'Metrics',
    'SUFFIXES',
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
