"""Count images that stand in several splits, and what their labels say about any accuracy.

    python tools/analysis_tools/duplicates.py configs/convcut_ferplus.py
    python tools/analysis_tools/duplicates.py FOLDER             # with train/, test/, ... in it
    python tools/analysis_tools/duplicates.py TRAIN_FOLDER TEST_FOLDER

Identical images have equal pixels; nearly identical ones have 16x16 thumbnails, mirrored or not,
that correlate above 0.99. The figure shows pairs to look at, the JSON file holds all of them.
"""

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from convcut_mm.cli.console import print_rows
from convcut_mm.cli.figure_options import announce, new_parser
from convcut_mm.cli.parser import positive
from convcut_mm.cli.run import run_tool
from convcut_mm.datasets.utils.duplicates import NEAR
from convcut_mm.datasets.utils.duplicates_cache import cached_duplicates
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.data_quality import (
    KINDS,
    CopiesReport,
    LabelledImages,
    PanelBound,
    images_of_config,
    images_of_folders,
    panel_bound,
    report_copies,
)
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.config import merge_options, read_config
from convcut_mm.utils.plotting import save
from convcut_mm.visualization.duplicate_pairs import doubtful_pairs, plot_duplicate_pairs


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__, 'duplicates')
    parser.add_argument('data', nargs='+', help='a config file, or folders of images')
    parser.add_argument(
        '--pairs', type=positive, default=48, help='pairs in the figure (default: %(default)s)'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if Path(args.data[0]).is_dir():
        images = images_of_folders(args.data)
    else:
        if len(args.data) > 1:
            raise ConvcutError(f'{args.data[1]}: expected one config, or folders only')
        cfg = read_config(args.data[0])
        merge_options(cfg, args.cfg_options)
        if cfg.get('test_dataloader') is None:
            raise ConvcutError(f'{args.data[0]}: has no test_dataloader')
        images = images_of_config(cfg.test_dataloader.dataset, args.data[0])
    report = report_copies(images, cached_duplicates(images.paths))
    print(f'{images.title}: {len(images.paths):,} image files')
    for rows in count_tables(report):
        print()
        print_rows(rows)
    print()
    bounds = panel_bounds(images)
    for line in sentences(report, bounds):
        print(line)
    pairs = doubtful_pairs(report, args.pairs)
    files = save(plot_duplicate_pairs(report, pairs), args.out) if pairs else []
    out = Path(args.out).with_suffix('.json')
    write_atomically(out, (json.dumps(as_dict(report, bounds), indent=1) + '\n').encode())
    announce([*files, out])


def count_tables(report: CopiesReport) -> list[list[list[str]]]:
    """Return the tables: copies by split, then by class for each split that has any."""
    images = report.images
    train = images.splits[0]
    rows = [['split', 'images', *(f'{kind} in {train}' for kind in KINDS)]]
    rows[0] += [f'{kind} in {train}, left out ones too' for kind in KINDS]
    tables = [rows]
    for number, name in enumerate(images.splits):
        here = (images.split == number) & (images.labels >= 0)
        row = [name, f'{here.sum():,}']
        for result in (report.standing, report.whatever):
            row += [percentage(result[name][kind].sum(), here.sum()) for kind in KINDS]
        rows.append(row)
    for number, name in enumerate(images.splits):
        here = (images.split == number) & (images.labels >= 0)
        by_class = [[f'{name}, by class', 'images', *KINDS]]
        for label, title in enumerate(images.classes):
            own = here & (images.labels == label)
            found = [str((report.standing[name][kind] & own).sum()) for kind in KINDS]
            by_class.append([title, f'{own.sum():,}', *found])
        if report.standing[name]['nearly identical'].any():
            tables.append(by_class)
    return tables


def percentage(part: int, whole: int) -> str:
    return f'{part:,} ({100 * part / whole:.1f} %)' if whole else '-'


def panel_bounds(images: LabelledImages) -> dict[str, PanelBound]:
    """Return the bound of each split of FERPlus."""
    if images.votes is None:
        return {}
    return {
        name: panel_bound(images.votes[images.split == number], images.rule, len(images.classes))
        for number, name in enumerate(images.splits)
    }


def sentences(report: CopiesReport, bounds: dict[str, PanelBound]) -> list[str]:
    """Return lines on the labels of copies and of fresh panels."""
    lines = []
    for one in report.agreements:
        if one.pairs:
            low, high = one.interval
            lines.append(
                f'{one.title}: {one.different} of {one.pairs} pairs carry different labels, '
                f'agreement {one.per_cent:.1f} % ({low:.1f} to {high:.1f})'
            )
    for name, bound in bounds.items():
        low, high = bound.interval
        lines.append(
            f'{name}: the best possible predictor is right on {bound.per_cent:.1f} % '
            f'({low:.1f} to {high:.1f}) of the labels of a second panel of ten votes, sampled '
            f'from the votes given; {bound.dropped:.1f} % of such panels drop the image; mean '
            f'entropy of the votes {bound.entropy:.2f} bits'
        )
    if report.unreadable:
        lines.append(
            f'{len(report.unreadable)} files cannot be read, the first: {report.unreadable[0]}'
        )
    return lines


def as_dict(report: CopiesReport, bounds: dict[str, PanelBound]) -> dict[str, Any]:
    """Return everything, for JSON."""
    images = report.images

    def image(number: int) -> dict[str, Any]:
        label = int(images.labels[number])
        return dict(
            file=images.paths[number],
            split=images.splits[images.split[number]],
            label=images.classes[label] if label >= 0 else None,
        )

    splits = {}
    for number, name in enumerate(images.splits):
        here = (images.split == number) & (images.labels >= 0)
        splits[name] = dict(
            files=int((images.split == number).sum()),
            images=int(here.sum()),
            **{
                f'{kind}{also}'.replace(' ', '_'): int(result[name][kind].sum())
                for also, result in (('', report.standing), (' left out too', report.whatever))
                for kind in KINDS
            },
            by_class={
                title: {
                    kind: int((report.standing[name][kind] & (images.labels == label)).sum())
                    for kind in KINDS
                }
                for label, title in enumerate(images.classes)
            },
        )
    return dict(
        data=images.title,
        compared_with=images.splits[0],
        threshold=NEAR,
        splits=splits,
        agreement_of_labels=[
            {
                **asdict(one),
                'per_cent': none(one.per_cent),
                'interval': list(map(none, one.interval)),
            }
            for one in report.agreements
        ],
        panel_bound={name: asdict(bound) for name, bound in bounds.items()},
        unreadable=report.unreadable,
        pairs=[
            dict(
                kind=pair.kind,
                correlation=pair.correlation,
                images=[image(pair.first), image(pair.second)],
            )
            for pair in report.pairs
        ],
    )


def none(value: float) -> float | None:
    """Return None for nan, which JSON has not."""
    return None if math.isnan(value) else value


if __name__ == '__main__':
    run_tool(main)
