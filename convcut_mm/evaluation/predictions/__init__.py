"""Files of predictions: how they are read and written, and the labels that belong to them."""

from .csv_file import read_csv
from .ground_truth import GroundTruth, ground_truth, match_images, predictions_for
from .npz_file import to_npz
from .pickle_file import load_pickle
from .predictions import SUFFIXES, Predictions, load_predictions, predictions_of, subsets

__all__ = [
    'SUFFIXES',
    'GroundTruth',
    'Predictions',
    'ground_truth',
    'load_pickle',
    'load_predictions',
    'match_images',
    'predictions_for',
    'predictions_of',
    'read_csv',
    'subsets',
    'to_npz',
]
