"""Write a table as Markdown, with no sentence that its intervals do not carry."""

from typing import Any

import numpy as np

from ..evaluation.functional import Estimate, difference_text, estimate_text, markdown_table
from .beside import SHOWN

# metrics of a row, and their headings
HEADINGS = {
    'overall_accuracy': 'overall accuracy',
    'mean_class_accuracy': 'mean class accuracy',
    'macro_f1': 'macro F1',
}


def markdown(content: dict[str, Any]) -> str:
    """Write the table as Markdown: metrics, differences, classes, protocol and notes.

    Args:
        content (dict): What :func:`~convcut_mm.ablation.table.table` returned.

    Returns:
        str: The text; it ends with a line break.
    """
    parts = [f'## {content["title"]}', '', markdown_table(_main_rows(content)), *_legend(content)]
    if content['reference'] is not None and any('difference' in row for row in content['rows']):
        parts += ['', *_differences(content)]
    elif content['reference'] is None:
        parts += ['', 'No differences yet: the row to compare with has not run.']
    parts += ['', *_classes(content)]
    parts += [f'- {line}' for line in (*content['protocol'], *content['notes'])]
    return '\n'.join([*parts, ''])


def _columns(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the key of a metric, the images and the heading of each column."""
    if len(content['images']) == 1:
        return [(key, 'all', heading) for key, heading in HEADINGS.items()]
    return [
        (key, part, f'{heading}, {part}')
        for key, heading in HEADINGS.items()
        for part in content['images']
    ]


def _of(row: dict[str, Any], part: str) -> dict[str, Any]:
    return row if part == 'all' else row[part]


def _main_rows(content: dict[str, Any]) -> list[list[str]]:
    papers = list(dict.fromkeys(key for row in content['rows'] for key in row['paper']))
    beside = [(one, key) for one in content['beside'] for key in SHOWN]
    columns = _columns(content)
    titles = [heading for _, _, heading in columns]
    titles += [f'{one["heading"]}: {HEADINGS[key]}' for one, key in beside]
    rows = [['', *titles, 'seeds', *(f'paper, {key}' for key in papers)]]
    for row in content['rows']:
        own = [estimate_text(_estimate(_of(row, part)[key])) for key, part, _ in columns]
        others = [_beside_text(one, row['title'], key) for one, key in beside]
        paper = [f'{row["paper"][key]:.2f}' if key in row['paper'] else '' for key in papers]
        rows.append([row['title'], *own, *others, str(len(row['seeds'])), *paper])
    return rows


def _beside_text(beside: dict[str, Any], title: str, key: str) -> str:
    if beside['missing'] is not None:
        return beside['missing']
    row = beside['rows'].get(title)
    return '' if row is None else estimate_text(_estimate(row[key]))


def _legend(content: dict[str, Any]) -> list[str]:
    several = any(len(row['seeds']) > 1 for row in content['rows'])
    images = content['images']
    over = 'seeds and test images' if several else 'the test images, not other trainings'
    lines = [
        'Per cent: mean ± standard deviation over the seeds, and in brackets the 95 % interval of '
        f'the mean over {over} (bootstrap; {images["all"]} images).'
    ]
    if 'clean' in images:
        lines[0] += f' Clean: the {images["clean"]} images of which no other split has a copy.'
    for one in content['beside']:
        where = f'`python tools/ablate.py {one["set"]}`'
        if one['missing'] is None:
            seeds = sorted({len(row['seeds']) for row in one['rows'].values()})
            number = ' or '.join(map(str, seeds))
            line = f'"{one["heading"]}" is from {where}, {number} seeds, all images; its '
            line += f'protocol is in {one["set"]}.md.'
            titles = [row['title'] for row in content['rows']]
            alone = [f'"{title}"' for title in one['rows'] if title not in titles]
            lines.append(line + (f' Only there: {", ".join(alone)}.' if alone else ''))
        else:
            lines.append(f'"{one["heading"]}" has no figures yet ({one["missing"]}): run {where}.')
    return lines


def _differences(content: dict[str, Any]) -> list[str]:
    reference, columns = content['reference'], _columns(content)
    rows = [['', *(heading for _, _, heading in columns), 'seeds of both']]
    compared = [row for row in content['rows'] if 'difference' in row]
    for row in compared:
        cells = [difference_text(_gain(row, key, part)) for key, part, _ in columns]
        paired = len(row['difference']['paired'])
        rows.append([row['title'], *cells, str(paired) if paired else 'none in common'])
    lines = [
        f'Percentage points above "{reference}", with 95 % intervals over the same seeds and '
        'images (* where the interval excludes zero):',
        '',
        markdown_table(rows),
    ]
    for key, part, heading in columns:
        if key != 'macro_f1':
            lines.append(f'- {heading}: {_finding(compared, key, part, reference)}')
    if len(compared) > 1:
        lines.append(
            '- Each interval stands for itself: of twenty comparisons without any effect, one is '
            'expected to exclude zero.'
        )
    return lines


def _finding(rows: list[dict[str, Any]], key: str, part: str, reference: str) -> str:
    higher: list[str] = []
    lower: list[str] = []
    neither: list[str] = []
    for row in rows:
        gain = _gain(row, key, part)
        kind = neither if not gain.excludes_zero else higher if gain.value > 0 else lower
        kind.append(f'"{row["title"]}"')
    found = []
    if higher:
        found.append(f'higher than "{reference}": {", ".join(higher)}')
    if lower:
        found.append(f'lower than "{reference}": {", ".join(lower)}')
    if neither:
        found.append(
            f'not told apart from "{reference}" by these seeds and images: {", ".join(neither)}'
        )
    return '; '.join(found) + '.'


def _classes(content: dict[str, Any]) -> list[str]:
    rows = [['', *(f'{name} ({count})' for name, count in content['classes'].items())]]
    for row in content['rows']:
        estimates = map(_estimate, row['class_accuracies'].values())
        rows.append([row['title'], *map(_class_text, estimates)])
    return [
        "Accuracy in each class, the number of its test images, and Wilson's 95 % interval of the "
        'mean over the seeds for that many images (other trainings are not in it):',
        '',
        markdown_table(rows),
    ]


def _class_text(estimate: Estimate) -> str:
    if np.isnan(estimate.value):
        return '-'
    return f'{estimate.value:.1f} ({estimate.interval[0]:.0f} to {estimate.interval[1]:.0f})'


def _gain(row: dict[str, Any], key: str, part: str) -> Estimate:
    return _estimate(_of(row, part)['difference'][key])


def _estimate(estimate: dict[str, Any]) -> Estimate:
    numbers = [estimate['value'], *estimate['interval'], estimate['spread']]
    value, low, high, spread = (np.nan if number is None else number for number in numbers)
    return Estimate(value, (low, high), spread)
