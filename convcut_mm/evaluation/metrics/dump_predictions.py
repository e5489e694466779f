"""The metric behind tools/test.py --out: the file of predictions."""

import pickle
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import DumpResults
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ...utils.atomic import write_atomically


def own_copy(sample: dict) -> dict:
    """Copy a sample, with tensors on the CPU that hold no more than their own values."""
    # a score is a view of its batch's, and a pickled view takes the whole batch along
    return {
        key: value.detach().cpu().clone() if isinstance(value, torch.Tensor) else value
        for key, value in sample.items()
    }


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """mmengine's ``DumpResults`` with a file that is whole or absent, and no larger than needed.

    Args:
        out_file_path (str): A .pkl or .pickle file.
        **kwargs: See mmengine's ``DumpResults``.
    """

    def process(self, data_batch: Any, predictions: Sequence[dict]) -> None:
        """Keep each image's sample."""
        super().process(data_batch, [own_copy(sample) for sample in predictions])

    def compute_metrics(self, results: list) -> dict:
        """Write the samples."""
        write_atomically(self.out_file_path, pickle.dumps(results, protocol=4))
        print_log(f'Results has been saved to {self.out_file_path}.', logger='current')
        return {}
