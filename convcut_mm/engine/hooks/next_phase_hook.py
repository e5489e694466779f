"""Go on from the end of an earlier training, with another graph and another schedule."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop
from mmpretrain.registry import HOOKS

from ...errors import ConvcutError
from ...utils.checkpoint_fit import strip_wrapper
from ..schedulers import InverseTimeLR


@HOOKS.register_module()
class NextPhaseHook(Hook):
    """A hook for the second phase of a training, whose ``load_from`` is the end of the first.

    It goes on counting epochs where the first phase ended, or some epochs before, as Keras does
    with ``fit(epochs=..., initial_epoch=...)``: ``train_cfg.max_epochs`` is the number of the last
    epoch. Checkpoints, random numbers and ``InverseTimeLR`` follow that count.

    Args:
        back (int): Epochs between the start of the count and the end of the first phase. Defaults
            to 0.
        drop (Sequence[str]): Prefixes of weights that this phase's graph lacks. Any other weight
            that does not fit is an error, see ``CheckpointMatchHook``. Defaults to ().

    Raises:
        ConvcutError: There is no ``load_from``, it does not say its epoch, or the count starts at
            or after ``max_epochs``.
    """

    priority = 'HIGH'  # before CheckpointMatchHook

    def __init__(self, back: int = 0, drop: Sequence[str] = ()) -> None:
        self.back, self.drop = back, tuple(drop)
        self._loaded = False

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Drop weights and set the count, unless this phase itself is resumed."""
        if not isinstance(runner._train_loop, BaseLoop):  # a test
            return
        self._loaded = True
        if runner._resume:
            return
        weights = checkpoint.get('state_dict', checkpoint)
        for key in [key for key in weights if strip_wrapper(key).startswith(self.drop)]:
            del weights[key]
        self._count_from(runner, (checkpoint.get('meta') or {}).get('epoch'))

    def before_train(self, runner) -> None:
        """Check that there was a first phase."""
        if not self._loaded:
            raise ConvcutError(
                'NextPhaseHook: load_from has to name the checkpoint that the first phase ended '
                'with'
            )

    def _count_from(self, runner, ended: object) -> None:
        if type(ended) is not int or ended < 0:
            raise ConvcutError(
                f'{runner._load_from}: does not say at which epoch it was saved, so that the '
                'next phase cannot go on counting; take a checkpoint of a training'
            )
        start, last = max(0, ended - self.back), runner.max_epochs
        if start >= last:
            raise ConvcutError(
                f'{runner._load_from}: the first phase ended at epoch {ended}, so this one would '
                f'start at epoch {start}, and train_cfg.max_epochs={last} leaves none; raise it'
            )
        loop = runner.train_loop
        loop._epoch, loop._iter = start, start * len(loop.dataloader)  # as mmengine resumes
        for scheduler in runner.param_schedulers or []:
            if isinstance(scheduler, InverseTimeLR):
                scheduler.start_at(start)
        runner.logger.info(
            f'The first phase ended at epoch {ended}; this one goes on after epoch {start}, to '
            f'epoch {last}'
        )
