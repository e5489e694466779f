"""Plot the confusion matrix of a test (Figure 3 of the paper).

    python tools/test.py CONFIG CHECKPOINT --out predictions.npz
    python tools/analysis_tools/confusion_matrix.py CONFIG predictions.npz
    python tools/analysis_tools/confusion_matrix.py CONFIG CHECKPOINT      # test it first

A checkpoint whose predictions depend on the batch is tested in batches of one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convcut import run_tool, start_up
from convcut_mm.cli.figure_options import add_device, announce, new_parser

if TYPE_CHECKING:
    from convcut_mm.apis.classifier import Classifier
    from convcut_mm.evaluation.predictions import Predictions


def main() -> None:
    parser = new_parser(__doc__, 'confusion_matrix')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'result', help='predictions of tools/test.py --out (.npz, .pkl), or a checkpoint'
    )
    add_device(parser)
    args = parser.parse_args()
    with start_up():
        from convcut_mm.apis.load_classifier import load_classifier, read_model_config
        from convcut_mm.datasets.builder import class_names
        from convcut_mm.evaluation.predictions import SUFFIXES, load_predictions
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization.confusion_matrix import plot_confusion_matrix
    if args.result.endswith(SUFFIXES):
        classes = class_names(read_model_config(args.config, args.cfg_options))
        predictions = load_predictions(args.result, classes=classes)
    else:
        classifier = load_classifier(
            args.config, args.result, cfg_options=args.cfg_options, device=args.device
        )
        classes = classifier.classes
        predictions = test(classifier)
    announce(save(plot_confusion_matrix(predictions, classes), args.out))


def test(classifier: Classifier) -> Predictions:
    """Test a model on the test set of its config."""
    from convcut_mm.evaluation.predictions import Predictions
    from convcut_mm.models.utils import is_batch_dependent

    if is_batch_dependent(classifier.model):
        print(
            'the predictions of this model depend on the batch: tested in batches of one',
            file=sys.stderr,
        )
    images = classifier.test_images
    return Predictions(
        names=[Path(image.path).name for image in images],
        labels=np.array([image.label for image in images]),
        probabilities=classifier.probabilities([image.path for image in images]),
        classes=classifier.classes,
    )


if __name__ == '__main__':
    run_tool(main)
