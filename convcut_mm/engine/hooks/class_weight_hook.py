"""Class weights in the loss, from the training set's own counts."""

import numpy as np
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError


@HOOKS.register_module()
class BalancedClassWeightHook(Hook):
    """Weights each class by ``images / (classes * images of the class)``.

    scikit-learn's 'balanced' rule, as in the released program. The weights go into the head's
    ``loss_module.class_weight``; the loss stays a mean over images, as in Keras.
    """

    def before_train(self, runner) -> None:
        """Counts the labels and sets the weights."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        classes = runner.train_dataloader.dataset.metainfo['classes']
        counts = np.bincount(
            runner.train_dataloader.dataset.get_gt_labels(), minlength=len(classes)
        )
        if not counts.all():
            raise ConvcutError(
                'BalancedClassWeightHook: no training image of class '
                f'"{classes[int(counts.argmin())]}"'
            )
        if not hasattr(model.head.loss_module, 'class_weight'):
            raise ConvcutError(
                f'BalancedClassWeightHook: {type(model.head.loss_module).__name__} '
                'takes no class_weight, use CrossEntropyLoss'
            )
        weights = counts.sum() / (len(classes) * counts)
        model.head.loss_module.class_weight = weights.tolist()
        runner.logger.info(
            'Class weights: '
            + ', '.join(f'{name} {weight:.3f}' for name, weight in zip(classes, weights))
        )
