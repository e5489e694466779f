"""The metric that writes the predictions of tools/test.py --out."""

import pickle
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import DumpResults
from mmengine.logging import print_log
from mmpretrain.registry import METRICS

from ...utils.atomic import write_atomically
from ..predictions import predictions_of, to_npz


def own_copy(sample: dict[str, Any]) -> dict[str, Any]:
    """Copy a sample, with tensors on the CPU that own their memory."""
    # pred_score is a view of the batch, and a pickled view holds the whole batch
    return {
        key: value.detach().cpu().clone() if isinstance(value, torch.Tensor) else value
        for key, value in sample.items()
    }


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """mmengine's ``DumpResults``, written atomically and without the memory of whole batches.

    Args:
        out_file_path (str): A .npz file (paths, labels and probabilities of images with one
            label), or a .pkl or .pickle file (the whole samples, as mmengine writes them).
        **kwargs: See mmengine's ``DumpResults``.
    """

    def __init__(self, out_file_path: str, **kwargs) -> None:
        self._npz = str(out_file_path).endswith('.npz')
        # mmengine accepts names of pickles only
        super().__init__(f'{out_file_path}.pkl' if self._npz else out_file_path, **kwargs)
        self.out_file_path = out_file_path

    def process(self, data_batch: Any, predictions: Sequence[dict]) -> None:
        """Keep each image's sample."""
        super().process(data_batch, [own_copy(sample) for sample in predictions])

    def compute_metrics(self, results: list[dict]) -> dict[str, Any]:
        """Write the samples to the file; there are no metrics."""
        if self._npz:
            found = predictions_of(results, self.out_file_path)
            paths = [sample['img_path'] for sample in results]
            content = to_npz(paths, found.labels, found.probabilities, found.duplicate)
        else:
            content = pickle.dumps(results, protocol=4)
        write_atomically(self.out_file_path, content)
        print_log(f'predictions: {self.out_file_path}', logger='current')
        return {}
