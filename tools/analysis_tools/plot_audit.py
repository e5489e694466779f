"""Plot audits of trainings over their epochs, from the files of batch_audit.py and audit_set.py.

    python tools/analysis_tools/plot_audit.py work_dirs/ablations/released_audit.json
    python tools/analysis_tools/plot_audit.py A.json B.json --row 'released neck and head'
    python tools/analysis_tools/plot_audit.py A.json --paper table2 FERPlus   # and its figures

OUT.png and .svg: accuracy of the same weights over the epochs, alone, shuffled and class by class,
of one row, and of the rows trained without attention over the batch. OUT_gain.png and .svg: what
class order adds, and the learnt scale of the attention, for all rows that depend on the batch.
"""

import argparse
import json
from os.path import commonprefix
from pathlib import Path
from typing import Any

from convcut_mm.ablation import read_set
from convcut_mm.cli.figure_options import FOLDER, announce
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.plotting import output_paths, save
from convcut_mm.visualization.audit_over_epochs import audit_figures


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('files', nargs='+', metavar='file', help='JSON files of audits')
    parser.add_argument(
        '--row', help='title of the row to show (default: the first that depends on the batch)'
    )
    parser.add_argument(
        '--paper',
        nargs=2,
        metavar=('SET', 'COLUMN'),
        help="published results to show as lines: a set of configs, and a key of its rows' "
        '"paper", such as table2 FERPlus',
    )
    parser.add_argument('--title', help='title of the pictures (default: of the row)')
    parser.add_argument(
        '--out',
        default=f'{FOLDER}/audit',
        help='path without suffix of the pictures (default: %(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    picture = output_paths(args.out)[0].with_suffix('')
    trainings = [one for file in args.files for one in read_trainings(file)]
    lines = published(*args.paper) if args.paper else []
    for name, figure in audit_figures(trainings, args.row, lines, args.title).items():
        announce(save(figure, f'{picture}{name}'))


def read_trainings(file: str) -> list[dict[str, Any]]:
    """Read the trainings of an audit's JSON file."""
    try:
        trainings = json.loads(Path(file).read_text(encoding='utf-8'))['trainings']
        if not all(isinstance(one['epochs'], list) and one['title'] for one in trainings):
            raise ValueError('no epochs')
    except FileNotFoundError:
        raise ConvcutError(f'{file}: no such file of an audit') from None
    except (OSError, ValueError, KeyError, TypeError):
        raise ConvcutError(
            f'{file}: no audit over epochs; give batch_audit.py checkpoints of several epochs, or '
            'use audit_set.py'
        ) from None
    return trainings


def published(name: str, column: str) -> list[tuple[str, float]]:
    """Return the results that a set of configs quotes from its paper."""
    rows = [row for row in read_set(name).rows if column in row.paper]
    if not rows:
        raise ConvcutError(f'--paper {name} {column}: no row of that set has such a result')
    titles: dict[float, list[str]] = {}
    for row in rows:
        titles.setdefault(row.paper[column], []).append(row.title)
    return [(f'paper, {_common(named)}:', value) for value, named in titles.items()]


def _common(titles: list[str]) -> str:
    """Return how the titles of rows with one result begin: the paper has one row for them."""
    return titles[0] if len(titles) == 1 else commonprefix(titles).rstrip(' (,') or titles[0]


if __name__ == '__main__':
    run_tool(main)
