"""Compute the table of a set from predictions: means, spreads, intervals and differences."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ConvcutError
from ..evaluation.functional import AVERAGES, ResampledMetrics, evaluate_classes
from ..evaluation.predictions import Predictions, subsets
from .ablation_set import AblationSet, TableRow

Results = dict[str, dict[int, Predictions]]


def table(
    rows: AblationSet,
    results: Results,
    protocol: Sequence[str],
    classes: Sequence[str] | None = None,
    beside: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Return the table as data for JSON.

    Args:
        rows (AblationSet): The set.
        results (dict): Predictions by title of the row and seed; rows without any are left out.
        protocol (Sequence[str]): Lines of :func:`~convcut_mm.ablation.protocol.protocol`.
        classes (Sequence[str], optional): Names of the classes. Defaults to None: their numbers.
        beside (Sequence[dict]): Results of other sets, from
            :func:`~convcut_mm.ablation.beside.read_beside`. Defaults to ().

    Returns:
        dict: ``title``, ``protocol``, ``notes``, ``reference`` (title of a row, None if it has not
        run), ``images`` ({'all': number, 'clean': ...}), ``classes`` ({name: test images}),
        ``beside`` and ``rows``. Metrics are in per cent: ``value`` is the mean over the seeds,
        ``spread`` their standard deviation, ``interval`` the 95 % interval over seeds and images
        (bootstrap), that of a class over its images (Wilson). A row's ``difference`` has the same
        in percentage points above the reference, with the same seeds and images, and ``paired``,
        the seeds that both have. ``clean`` holds all of this for the images of which no other
        split has a copy, if the predictions tell.

    Raises:
        ConvcutError: No results, or results of different images or labels.
    """
    found = [(row, results[row.title]) for row in rows.rows if results.get(row.title)]
    if not found:
        raise ConvcutError(f'{rows.name}: no run has been tested yet, so there is no table')
    first = next(iter(found[0][1].values()))
    _check_same(found, first)
    count = first.probabilities.shape[1]
    names = list(classes) if classes is not None else [str(number) for number in range(count)]
    parts = subsets(first.duplicate, len(first.labels))
    reference = rows.reference or rows.rows[0].title
    contents = [
        dict(
            title=row.title,
            config=row.config.name,
            seeds=sorted(seeds),
            paper=row.paper,
        )
        for row, seeds in found
    ]
    for part, chosen in parts.items():
        figures = _figures(found, first.labels, chosen, reference, names)
        for content, one in zip(contents, figures):
            content.update(one if part == 'all' else {part: one})
    return dict(
        title=rows.title,
        protocol=list(protocol),
        notes=list(rows.notes),
        reference=reference if results.get(reference) else None,
        images={part: int(chosen.sum()) for part, chosen in parts.items()},
        classes=dict(zip(names, np.bincount(first.labels, minlength=count).tolist())),
        beside=list(beside),
        rows=contents,
    )


def _check_same(found: list[tuple[TableRow, dict[int, Predictions]]], first: Predictions) -> None:
    for row, seeds in found:
        for seed, one in seeds.items():
            if one.names != first.names or not np.array_equal(one.labels, first.labels):
                raise ConvcutError(
                    f'row "{row.title}", seed {seed}: predictions of other images or labels than '
                    'the first row; put configs of the same test set into a set'
                )


def _figures(
    found: list[tuple[TableRow, dict[int, Predictions]]],
    labels: np.ndarray,
    chosen: np.ndarray,
    reference: str,
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Return metrics, accuracies of the classes and differences of each row on some images."""
    labels = labels[chosen]
    resampled, figures = {}, []
    for row, seeds in found:
        # (images, seeds)
        given = np.stack([seeds[seed].pred_labels[chosen] for seed in sorted(seeds)], axis=1)
        resampled[row.title] = ResampledMetrics(labels, given, len(classes))
        averages = zip(AVERAGES, resampled[row.title].estimates())
        by_class = zip(classes, evaluate_classes(labels, given, len(classes)))
        figures.append(
            dict(
                **{key: estimate.as_dict() for key, estimate in averages},
                class_accuracies={name: accuracy.as_dict() for name, accuracy in by_class},
            )
        )
    by_title = {row.title: sorted(seeds) for row, seeds in found}
    for (row, _), one in zip(found, figures):
        if row.title != reference and reference in resampled:
            one['difference'] = _difference(resampled, by_title, reference, row.title)
    return figures


def _difference(
    resampled: dict[str, ResampledMetrics],
    seeds: dict[str, list[int]],
    reference: str,
    title: str,
) -> dict[str, Any]:
    common = [seed for seed in seeds[title] if seed in seeds[reference]]
    other, first = resampled[title], resampled[reference]
    if common:
        other = other.take([seeds[title].index(seed) for seed in common])
        first = first.take([seeds[reference].index(seed) for seed in common])
    found = other.above(first, paired=bool(common))
    return dict(paired=common, **{key: getattr(found, key).as_dict() for key in AVERAGES})
