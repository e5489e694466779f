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
from .evaluate import Metrics, difference, evaluate
from .report import (
    class_table,
    estimate_text,
    interval_text,
    markdown_table,
    method_table,
    summary_lines,
)

__all__ = [
    'Estimate',
    'Metrics',
    'bootstrap',
    'class_accuracies',
    'class_table',
    'confusion_matrices',
    'difference',
    'estimate_text',
    'evaluate',
    'interval_text',
    'macro_f1',
    'markdown_table',
    'mean_class_accuracy',
    'method_table',
    'overall_accuracy',
    'summary_lines',
]
