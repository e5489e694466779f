"""The accuracy on the training batches of an epoch, for hooks that watch a metric."""

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError

METRIC = 'train_accuracy'
OF_A_BATCH = 'accuracy_top-1'


@HOOKS.register_module()
class TrainAccuracyHook(Hook):
    """A hook that adds the training accuracy of the epoch, in per cent, to the validation metrics.

    This is what Keras logs as ``accuracy``: the share of right answers over the images of the
    epoch, each in its training batch, with dropout and before the step that follows. Hooks that
    watch a metric (early stopping, best checkpoint) can watch ``train_accuracy``. The head has to
    compute it for each batch: ``model.head.cal_acc=True``.
    """

    priority = 'HIGHEST'  # before all that read the metrics

    def before_train_epoch(self, runner) -> None:
        """Start to count."""
        self._right, self._images = 0.0, 0

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Count a batch."""
        if OF_A_BATCH not in (outputs or {}):
            raise ConvcutError(
                'TrainAccuracyHook: the head computes no accuracy of a batch; set '
                'model.head.cal_acc=True, which hard labels need'
            )
        images = len(data_batch['data_samples'])
        self._right += float(outputs[OF_A_BATCH]) / 100 * images
        self._images += images

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Add the accuracy to the metrics of the validation that follows the epoch."""
        if metrics is None or not getattr(self, '_images', 0):  # a validation alone
            return
        counts = torch.tensor([self._right, self._images], dtype=torch.float64)
        if get_world_size() > 1:
            all_reduce(counts)
        metrics[METRIC] = 100 * float(counts[0] / counts[1])
