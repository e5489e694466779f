"""Compute the table of a set from predictions: means, spreads and intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ConvcutError
from ..evaluation.functional import Estimate, estimate_text, evaluate, markdown_table
from ..evaluation.predictions import Predictions
from .ablation_set import AblationSet, TableRow

# metrics of a row, and their headings
METRICS = {
    'overall_accuracy': 'overall accuracy',
    'mean_class_accuracy': 'mean class accuracy',
    'macro_f1': 'macro F1',
}


def table(
    rows: AblationSet,
    results: dict[str, dict[int, Predictions]],
    protocol: Sequence[str],
    classes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the table as data for JSON.

    Args:
        rows (AblationSet): The set.
        results (dict): Predictions by title of the row and seed; rows without any are left out.
        protocol (Sequence[str]): Lines of :func:`~convcut_mm.ablation.protocol.protocol`.
        classes (Sequence[str], optional): Names of the classes. Defaults to None: their numbers.

    Returns:
        dict: ``title``, ``protocol``, ``notes``, ``classes`` ({name: test images}) and ``rows``.
        Metrics are in per cent: ``value`` is the mean over the seeds, ``spread`` their standard
        deviation, ``interval`` the 95 % bootstrap interval of the mean over the images.

    Raises:
        ConvcutError: No results, or results of different images or labels.
    """
    found = [(row, results[row.title]) for row in rows.rows if results.get(row.title)]
    if not found:
        raise ConvcutError(f'{rows.name}: no run has been tested yet, so there is no table')
    first = next(iter(found[0][1].values()))
    for row, seeds in found:
        for seed, one in seeds.items():
            if one.names != first.names or not np.array_equal(one.labels, first.labels):
                raise ConvcutError(
                    f'row "{row.title}", seed {seed}: predictions of other images or labels than '
                    'the first row; put configs of the same test set into a set'
                )
    count = first.probabilities.shape[1]
    names = list(classes) if classes is not None else [str(number) for number in range(count)]
    return dict(
        title=rows.title,
        protocol=list(protocol),
        notes=list(rows.notes),
        classes=dict(zip(names, np.bincount(first.labels, minlength=count).tolist())),
        rows=[_row(row, seeds, names) for row, seeds in found],
    )


def _row(row: TableRow, seeds: dict[int, Predictions], classes: Sequence[str]) -> dict[str, Any]:
    predictions = [seeds[seed] for seed in sorted(seeds)]
    pred_labels = np.stack([one.pred_labels for one in predictions], axis=1)  # (N, seeds)
    metrics = evaluate(predictions[0].labels, pred_labels, len(classes))
    return dict(
        title=row.title,
        config=row.config.name,
        seeds=sorted(seeds),
        paper=row.paper,
        **{key: getattr(metrics, key).as_dict() for key in METRICS},
        class_accuracies={
            name: accuracy.as_dict() for name, accuracy in zip(classes, metrics.class_accuracies)
        },
    )


def markdown(content: dict[str, Any]) -> str:
    """Write the table as Markdown, with the accuracy of each class, protocol and notes.

    Args:
        content (dict): What :func:`table` returned.

    Returns:
        str: The text; it ends with a line break.
    """
    papers = list(dict.fromkeys(key for row in content['rows'] for key in row['paper']))
    rows = [['', *METRICS.values(), 'seeds', *(f'paper, {key}' for key in papers)]]
    by_class = [['', *(f'{name} ({count})' for name, count in content['classes'].items())]]
    for row in content['rows']:
        paper = [f'{row["paper"][key]:.2f}' if key in row['paper'] else '' for key in papers]
        estimates = [_text(row[key]) for key in METRICS]
        rows.append([row['title'], *estimates, str(len(row['seeds'])), *paper])
        values = [accuracy['value'] for accuracy in row['class_accuracies'].values()]
        by_class.append(
            [row['title'], *('-' if value is None else f'{value:.1f}' for value in values)]
        )
    images = sum(content['classes'].values())
    return '\n'.join(
        [
            f'## {content["title"]}',
            '',
            markdown_table(rows),
            'Per cent: mean ± standard deviation over the seeds, and in brackets the 95 % '
            f'interval of the mean (bootstrap over the {images} test images).',
            '',
            'Accuracy in each class, and the number of its test images:',
            '',
            markdown_table(by_class),
            *(f'- {line}' for line in (*content['protocol'], *content['notes'])),
            '',
        ]
    )


def _text(estimate: dict[str, Any]) -> str:
    numbers = [estimate['value'], *estimate['interval'], estimate['spread']]
    value, low, high, spread = (np.nan if number is None else number for number in numbers)
    return estimate_text(Estimate(value, (low, high), spread))
