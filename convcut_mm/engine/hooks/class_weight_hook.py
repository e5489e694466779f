"""Weight the classes in the loss by how rare they are in the training set."""

from typing import Any

import numpy as np
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...models.utils import bare_model


@HOOKS.register_module()
class BalancedClassWeightHook(Hook):
    """A hook that weights each class by ``images / (classes * images of the class)``.

    This is scikit-learn's 'balanced' rule, as in the released program. It sets the head's
    ``loss_module.class_weight``; the loss stays a mean over images, as in Keras.
    """

    def before_train(self, runner) -> None:
        """Count the labels and set the weights.

        Raises:
            ConvcutError: A class has no training image, or the loss takes no class weights.
        """
        dataset = runner.train_dataloader.dataset
        loss: Any = getattr(bare_model(runner).head, 'loss_module', None)
        classes = dataset.metainfo['classes']
        labels = dataset.get_gt_labels()
        counts = np.bincount(labels, minlength=len(classes))
        if not counts.all():
            raise ConvcutError(
                'BalancedClassWeightHook: no training image of class '
                f'"{classes[int(counts.argmin())]}"'
            )
        if not hasattr(loss, 'class_weight'):
            raise ConvcutError(
                f'BalancedClassWeightHook: {type(loss).__name__} '
                'takes no class_weight, use CrossEntropyLoss'
            )
        # imported here because it takes a second
        from sklearn.utils.class_weight import compute_class_weight

        weights = compute_class_weight('balanced', classes=np.arange(len(classes)), y=labels)
        loss.class_weight = weights.tolist()
        runner.logger.info(
            'Class weights: '
            + ', '.join(f'{name} {weight:.3f}' for name, weight in zip(classes, weights))
        )
