"""The audit of a set as Markdown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..evaluation.batch_audit import ALONE
from ..evaluation.functional import Estimate, estimate_text, markdown_table

_ALL_SHOWN = 25  # of more epochs, a few are shown
_FIRST = (1, 2, 3, 5)


def audit_markdown(title: str, trainings: Sequence[dict[str, Any]]) -> str:
    """Write the audits of the rows of a set.

    Args:
        title (str): Of the set.
        trainings (Sequence[dict]): What :func:`~convcut_mm.ablation.audit_set.audit_row` returned.

    Returns:
        str: The text; it ends with a line break.
    """
    first = trainings[0]
    split = f', {first["split"]}' if first['split'] else ''
    order = ', '.join(first['class_order'])
    lines = [
        f'## {title}: the same weights in other batches',
        '',
        f'{first["images"]} images of {first["dataset"]}{split}; {first["shuffles"]} random '
        'orders of each kind and batch size. Class-ordered batches read the classes in '
        f'alphabetical order, as a script reads folders ({order}), shuffled within a class. Per '
        'cent: mean ± standard deviation over the trainings, and in brackets the 95 % interval of '
        'the mean (bootstrap over trainings and images). Differences are paired: the same weights '
        'and images.',
        '',
        *_chosen(trainings),
    ]
    for training in trainings:
        seeds = ', '.join(map(str, training['seeds']))
        depend = 'depend' if training['depends_on_batch'] else 'do not depend'
        lines += [
            f'### {training["title"]}',
            '',
            _epochs(training),
            f'`{training["config"]}`, seeds {seeds}; largest difference of a probability from '
            f'that alone {training["moved"]:.0e}: the predictions {depend} on the batch.',
            '',
        ]
    return '\n'.join(lines)


def _chosen(trainings: Sequence[dict[str, Any]]) -> list[str]:
    """Describe what choosing the epoch on the class-ordered test set reports."""
    rows: list[list[str]] = []
    for training in trainings:
        chosen = training['chosen_as_released']
        if chosen is None:
            return []
        batches = {_heading(one): one for one in chosen['batches']}
        size = chosen['chosen_in']
        if not rows:
            titles = [name for name in batches if name != ALONE]
            gain = f'class-ordered {size} minus alone'
            rows.append(['', 'epochs', f'**{ALONE}**', *titles, gain])
        epochs = ' '.join(map(str, chosen['epochs'].values()))
        cells = [_text(batches[name]['accuracy']) for name in (ALONE, *titles)]
        rows.append(
            [
                training['title'],
                epochs,
                *cells,
                _text(batches[f'class-ordered {size}']['gain'], '+'),
            ]
        )
    return [
        '### Epoch chosen as released',
        '',
        'The released program keeps the epoch that is best on the class-ordered test set, in '
        f'batches of 16 (here {size}), and reports that set in class-ordered batches of 32. '
        f'"{ALONE}" is the accuracy of the same weights for single images.',
        '',
        markdown_table(rows),
    ]


def _epochs(training: dict[str, Any]) -> str:
    epochs = training['epochs']
    if len(epochs) > _ALL_SHOWN:
        last = epochs[-1]['epoch']
        epochs = [
            one for one in epochs if one['epoch'] in (*_FIRST, last) or one['epoch'] % 10 == 0
        ]
    if not epochs:
        return 'The trainings have no epoch in common.\n'
    batches = epochs[0]['batches']
    largest = batches[-1]  # class-ordered, in the largest batches
    gains = 'gain' in largest
    readings = list(epochs[0]['readings'])
    rows = [
        [
            'epoch',
            *map(_heading, batches),
            *([f'{_heading(largest)} minus alone'] if gains else []),
            'mean class accuracy alone',
            *readings,
        ]
    ]
    for one in epochs:
        of_epoch = one['batches']
        rows.append(
            [
                str(one['epoch']),
                *(_short(batch['accuracy']) for batch in of_epoch),
                *([_text(of_epoch[-1]['gain'], '+')] if gains else []),
                _short(of_epoch[0]['mean_class_accuracy']),
                *(_short(one['readings'][name]) for name in readings),
            ]
        )
    return markdown_table(rows)


def _heading(batch: dict[str, Any]) -> str:
    return ALONE if batch['order'] == ALONE else f'{batch["order"]} {batch["batch_size"]}'


def _short(estimate: dict[str, Any]) -> str:
    spread = estimate['spread']
    return f'{estimate["value"]:.2f}' + ('' if spread is None else f' ± {spread:.2f}')


def _text(estimate: dict[str, Any], sign: str = '') -> str:
    spread = np.nan if estimate['spread'] is None else estimate['spread']
    return estimate_text(Estimate(estimate['value'], tuple(estimate['interval']), spread), sign)
