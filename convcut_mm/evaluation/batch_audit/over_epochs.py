"""How the accuracy in each kind of batch develops over the epochs of several trainings."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ConvcutError
from ..functional.accuracy import confusion_matrices, mean_class_accuracy
from ..functional.bootstrap import RESAMPLES, mean_over_seeds, percentile_interval, resample_images
from ..functional.estimate import Estimate
from .audited_checkpoint import AuditedCheckpoint
from .regimes import ALONE, CLASS_ORDERED

Place = tuple[str, int]  # order and batch size
ALONE_PLACE: Place = (ALONE, 1)


class Trainings:
    """Audited checkpoints of several trainings of one config, by seed and epoch.

    Args:
        checkpoints (Sequence[AuditedCheckpoint]): In any order, of the same images and tests.

    Attributes:
        by_seed (dict): ``{seed: {epoch: AuditedCheckpoint}}``, both in rising order.
        epochs (list[int]): The epochs that all trainings have.

    Raises:
        ConvcutError: A checkpoint does not say its seed or epoch, or two say the same.
    """

    def __init__(self, checkpoints: Sequence[AuditedCheckpoint]) -> None:
        self.by_seed: dict[int, dict[int, AuditedCheckpoint]] = {}
        for one in sorted(checkpoints, key=lambda one: (one.seed or 0, one.epoch or 0)):
            if one.seed is None or one.epoch is None:
                raise ConvcutError(
                    f'{one.file}: its meta names no seed or epoch of a training; audit it without '
                    'other epochs'
                )
            other = self.by_seed.setdefault(one.seed, {}).setdefault(one.epoch, one)
            if other is not one:
                raise ConvcutError(
                    f'{one.file}: seed {one.seed}, epoch {one.epoch}, as {other.file}; leave out '
                    'one of them'
                )
        common = set.intersection(*(set(epochs) for epochs in self.by_seed.values()))
        self.epochs = sorted(common)
        first = checkpoints[0].audit
        self.labels, self.num_classes = first.labels, first.num_classes
        places = [(run.regime.order, run.regime.batch_size) for run in first.runs]
        self.places: list[Place] = list(dict.fromkeys(places))

    def mean_class_accuracy(self, one: AuditedCheckpoint, place: Place) -> float:
        """Return the mean class accuracy, the mean over the shuffles, in per cent."""
        counts = np.ones(len(self.labels))
        matrices = confusion_matrices(
            self.labels, _pred_labels(one, place), counts, self.num_classes
        )
        return float(mean_class_accuracy(matrices).mean())

    def sizes(self, order: str) -> list[int]:
        """Return the batch sizes of an order, in rising order."""
        return sorted(size for name, size in self.places if name == order)


def over_epochs(trainings: Trainings) -> list[dict[str, Any]]:
    """Summarise each epoch that all trainings have.

    Args:
        trainings (Trainings): The trainings.

    Returns:
        list[dict]: ``epoch``, ``readings`` (name: value and spread), ``batches``: for each order
        and batch size ``accuracy``, ``mean_class_accuracy`` and, but for batches of one,
        ``gain``, the accuracy minus that alone. All are in per cent: ``value`` is the mean over
        the trainings, ``spread`` their standard deviation, ``seeds`` what each has, ``interval``
        the 95 % interval over trainings and images, paired for ``gain``.
    """
    found = []
    for epoch in trainings.epochs:
        checkpoints = [epochs[epoch] for epochs in trainings.by_seed.values()]
        batches = _batches(trainings, checkpoints)
        names = dict.fromkeys(name for one in checkpoints for name in one.readings)
        values = {name: [one.readings.get(name, np.nan) for one in checkpoints] for name in names}
        found.append(
            dict(
                epoch=epoch,
                readings={name: _spread(values[name]) for name in names},
                batches=batches,
            )
        )
    return found


def chosen_as_released(trainings: Trainings) -> dict[str, Any] | None:
    """Choose the epoch of each training as the released program does, and test it otherwise.

    That program keeps the weights that are best on the class-ordered test set, in the batches of
    its training, 16 images; the smallest class-ordered batches of the audit stand for them.

    Args:
        trainings (Trainings): The trainings.

    Returns:
        dict | None: ``chosen_in`` (images a batch), ``epochs`` by seed, ``batches``: accuracy of
        the chosen weights in each kind of batch, and ``gain`` over the same weights alone, as in
        :func:`over_epochs`. None without class-ordered batches.
    """
    sizes = trainings.sizes(CLASS_ORDERED)
    if not sizes:
        return None
    place = (CLASS_ORDERED, sizes[0])
    chosen = {
        seed: max(epochs.values(), key=lambda one: _right(trainings, one, place).sum())
        for seed, epochs in trainings.by_seed.items()
    }
    return dict(
        chosen_in=sizes[0],
        epochs={str(seed): one.epoch for seed, one in chosen.items()},
        batches=_batches(trainings, list(chosen.values())),
    )


def training_record(checkpoints: Sequence[AuditedCheckpoint], title: str) -> dict[str, Any]:
    """Return the trainings of one config as data for JSON.

    Args:
        checkpoints (Sequence[AuditedCheckpoint]): See :class:`Trainings`.
        title (str): Name of the config in tables and pictures.

    Returns:
        dict: ``title``, ``seeds``, ``images``, ``shuffles`` (of each kind and batch size),
        ``depends_on_batch`` (found), ``batch_dependent`` (declared), ``moved``, ``epochs`` of
        :func:`over_epochs` and ``chosen_as_released``.

    Raises:
        ConvcutError: See :class:`Trainings`.
    """
    trainings = Trainings(checkpoints)
    return dict(
        title=title,
        seeds=list(trainings.by_seed),
        images=len(trainings.labels),
        depends_on_batch=any(one.audit.depends_on_batch for one in checkpoints),
        batch_dependent=any(one.batch_dependent for one in checkpoints),
        moved=max(one.audit.moved for one in checkpoints),
        shuffles=len({run.regime.seed for run in checkpoints[0].audit.runs} - {None}),
        epochs=over_epochs(trainings),
        chosen_as_released=chosen_as_released(trainings),
    )


def _pred_labels(one: AuditedCheckpoint, place: Place) -> np.ndarray:
    """Return the predicted labels in one kind of batch, (N, shuffles)."""
    runs = [run for run in one.audit.runs if (run.regime.order, run.regime.batch_size) == place]
    return np.stack([run.pred_labels for run in runs], axis=1)


def _right(trainings: Trainings, one: AuditedCheckpoint, place: Place) -> np.ndarray:
    """Count in how many shuffles each image is predicted rightly, (N,)."""
    return (_pred_labels(one, place) == trainings.labels[:, None]).sum(axis=1)


def _batches(
    trainings: Trainings, checkpoints: Sequence[AuditedCheckpoint]
) -> list[dict[str, Any]]:
    """Summarise one checkpoint of each training in each kind of batch, see :func:`over_epochs`."""
    places, images = trainings.places, len(trainings.labels)
    shuffles = [_pred_labels(checkpoints[0], place).shape[1] for place in places]
    scale = 100 / (np.array(shuffles)[:, None] * images)
    columns = [_right(trainings, one, place) for place in places for one in checkpoints]

    def accuracies_and_gains(cells: np.ndarray, counts: np.ndarray) -> np.ndarray:
        right = counts.astype(float) @ cells.astype(float)
        accuracies = right.reshape(*right.shape[:-1], len(places), len(checkpoints)) * scale
        gains = accuracies - accuracies[..., :1, :]  # batches of one come first
        return np.concatenate([accuracies, gains], axis=-2).swapaxes(-1, -2)

    values, resampled = resample_images(accuracies_and_gains, columns, RESAMPLES, seed=0)
    ends = percentile_interval(mean_over_seeds(resampled, seed=0)).T
    estimates = [
        dict(Estimate.of_seeds(each, (low, high)).as_dict(), seeds=each.tolist())
        for each, (low, high) in zip(values.T, ends)
    ]
    found = []
    for number, (order, size) in enumerate(places):
        by_class = [trainings.mean_class_accuracy(one, (order, size)) for one in checkpoints]
        entry = dict(
            order=order,
            batch_size=size,
            accuracy=estimates[number],
            mean_class_accuracy=_spread(by_class),
        )
        if number:
            entry['gain'] = estimates[len(places) + number]
        found.append(entry)
    return found


def _spread(values: Sequence[float]) -> dict[str, Any]:
    estimate = Estimate.of_seeds(values, (float('nan'), float('nan')))
    return dict(
        value=estimate.as_dict()['value'],
        spread=estimate.as_dict()['spread'],
        seeds=[None if np.isnan(one) else float(one) for one in values],
    )
