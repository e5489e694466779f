from .accuracy import class_accuracies, macro_f1, mean_class_accuracy, overall_accuracy
from .ground_truth import GroundTruth, ground_truth, match_images, predictions_for
from .intervals import bootstrap, bootstrap_interval, difference_interval, mean_and_spread
from .metrics import CollectPredictions, DumpPredictions
from .prediction_csv import read_csv
from .predictions import PICKLE_SUFFIXES, Predictions, load_predictions, predictions_of
from .report import (
    class_table,
    figure_text,
    interval_text,
    markdown_table,
    method_table,
    summary_lines,
)
from .safe_pickle import load_pickle
from .scores import Figure, Scores, difference, score

__all__ = [
    'PICKLE_SUFFIXES',
    'CollectPredictions',
    'DumpPredictions',
    'Figure',
    'GroundTruth',
    'Predictions',
    'Scores',
    'bootstrap',
    'bootstrap_interval',
    'class_accuracies',
    'class_table',
    'difference',
    'difference_interval',
    'figure_text',
    'ground_truth',
    'interval_text',
    'load_pickle',
    'load_predictions',
    'macro_f1',
    'markdown_table',
    'match_images',
    'mean_and_spread',
    'mean_class_accuracy',
    'method_table',
    'overall_accuracy',
    'predictions_for',
    'predictions_of',
    'read_csv',
    'score',
    'summary_lines',
]
