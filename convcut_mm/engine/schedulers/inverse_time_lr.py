"""Lower the learning rate with the inverse of time, a schedule that mmengine lacks."""

from typing import Any

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from mmpretrain.registry import PARAM_SCHEDULERS

from ...errors import ConvcutError


@PARAM_SCHEDULERS.register_module()
class InverseTimeLR(LRSchedulerMixin, _ParamScheduler):
    """``lr / (1 + step / decay)``: Keras' ``InverseTimeDecay`` with a decay rate of one.

    Args:
        optimizer (Optimizer | BaseOptimWrapper): The optimizer.
        decay (float): Steps (epochs, unless ``by_epoch=False``) after which the rate is halved.
        **kwargs: Arguments of mmengine's schedulers: ``begin``, ``end``, ``by_epoch``, ...

    Raises:
        ConvcutError: ``decay`` is not positive.
    """

    last_step: int

    def __init__(self, optimizer: Any, decay: float, **kwargs: Any) -> None:
        if not decay > 0:
            raise ConvcutError(f'InverseTimeLR: decay={decay!r}, expected a positive number')
        self.decay = decay
        super().__init__(optimizer, **kwargs)

    def start_at(self, step: int) -> None:
        """Set the rate of a training that goes on at a later step.

        Args:
            step (int): Number of steps that count as done.
        """
        self.last_step = step
        for group, value in zip(self.optimizer.param_groups, self._get_value()):
            group[self.param_name] = value
        self._last_value = [group[self.param_name] for group in self.optimizer.param_groups]

    def _get_value(self) -> list[float]:
        return [value / (1 + self.last_step / self.decay) for value in self.base_values]
