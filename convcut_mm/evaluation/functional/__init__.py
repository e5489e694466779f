"""Functions that compute metrics with intervals from labels, and write them as text."""

from .accuracy import (
    class_accuracies,
    confusion_matrices,
    macro_f1,
    mean_class_accuracy,
    overall_accuracy,
)
from .bootstrap import bootstrap
from .estimate import Estimate
from .evaluate import Metrics, evaluate, evaluate_classes
from .report import (
    class_table,
    difference_text,
    estimate_text,
    interval_text,
    markdown_table,
    method_table,
    summary_lines,
)
from .resampled import AVERAGES, Differences, ResampledMetrics, difference
from .wilson import wilson_interval

__all__ = [
    'AVERAGES',
    'Differences',
    'Estimate',
    'Metrics',
    'ResampledMetrics',
    'bootstrap',
    'class_accuracies',
    'class_table',
    'confusion_matrices',
    'difference',
    'difference_text',
    'estimate_text',
    'evaluate',
    'evaluate_classes',
    'interval_text',
    'macro_f1',
    'markdown_table',
    'mean_class_accuracy',
    'method_table',
    'overall_accuracy',
    'summary_lines',
    'wilson_interval',
]
