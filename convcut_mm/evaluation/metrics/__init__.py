"""Metrics for mmengine's evaluator."""

from .collect_predictions import CollectPredictions
from .dump_predictions import DumpPredictions

__all__ = ['CollectPredictions', 'DumpPredictions']
