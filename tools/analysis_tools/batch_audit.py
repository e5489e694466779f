"""Show whether a model's predictions depend on the batch in which an image is tested.

    python tools/analysis_tools/batch_audit.py CONFIG CHECKPOINT
    python tools/analysis_tools/batch_audit.py CONFIG CHECKPOINT --batch-sizes 8 32 --seeds 5
    python tools/analysis_tools/batch_audit.py CONFIG seed_*/epoch_20.pth    # means over trainings
    python tools/analysis_tools/batch_audit.py CONFIG seed_*/epoch_*.pth     # by epoch

Test the same weights on the same images in batches of one, in shuffled batches and in batches read
class by class (in alphabetical order). Write batch_audit.json, .png and .svg, and for several
epochs batch_audit_epochs.png and .svg. Exit status: 0 if every image has the same
probabilities as alone, 3 if not, 1 if the audit failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from convcut import run_tool, start_up
from convcut_mm.cli.console import print_table
from convcut_mm.cli.options import add_batch_options, add_cfg_options
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.progress import progress

if TYPE_CHECKING:
    from convcut_mm.evaluation.batch_audit import Audit, AuditedCheckpoint

DEPENDS = 3  # exit status


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file; its test_dataloader names the images')
    parser.add_argument(
        'checkpoints',
        nargs='+',
        metavar='checkpoint',
        help='checkpoint file, or the checkpoints of several trainings',
    )
    add_batch_options(parser)
    parser.add_argument('--split', help="another split of the test set, such as 'valid'")
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-4,
        help='largest difference of a probability that counts as numerical noise '
        '(default: %(default)g)',
    )
    parser.add_argument(
        '--out', help='folder for the results (default: work_dirs/batch_audit/CONFIG)'
    )
    add_cfg_options(parser, 'the config, e.g. model.head.attention=spatial')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.ablation.checkpoint_auditor import CheckpointAuditor
        from convcut_mm.evaluation.batch_audit import (
            Audit,
            audit_record,
            audit_table,
            regimes,
            training_record,
        )
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization.audit_over_epochs import plot_epochs
        from convcut_mm.visualization.batch_audit import plot_batch_audit
    tests = regimes(args.batch_sizes, args.seeds)
    if not args.tolerance > 0:
        raise ConvcutError(f'--tolerance {args.tolerance:g}: expected a positive number')
    out = Path(args.out or Path('work_dirs') / 'batch_audit' / Path(args.config).stem)
    if out.exists() and not out.is_dir():
        raise ConvcutError(f'--out {out}: expected a folder, this is a file')
    options = dict(args.cfg_options or {})
    if args.split is not None:
        options['test_dataloader.dataset.split'] = args.split
    auditor = CheckpointAuditor(
        args.config, tests, args.tolerance, options, several=len(args.checkpoints) > 1
    )
    audited = []
    with progress(
        'Auditing', len(args.checkpoints), 'checkpoints', len(args.checkpoints) > 1
    ) as step:
        for checkpoint in args.checkpoints:
            audited.append(auditor.audit(checkpoint))
            step()
    last = last_epoch(audited)
    found = Audit.of_all([one.audit for one in last])
    about = dict(
        config=args.config,
        checkpoints=[one.file for one in last],
        dataset=type(auditor.dataset).__name__,
        split=auditor.loader.dataset.get('split'),
        classes=auditor.classes,
        class_order=auditor.reading_order,
        computed=auditor.computed,
        weights=[
            dict(checkpoint=one.file, seed=one.seed, epoch=one.epoch, readings=one.readings)
            for one in audited
        ],
    )
    record = {**about, **audit_record(found)}
    paths = [out / 'batch_audit.json']
    if len(last) < len(audited):
        record['trainings'] = [training_record(audited, Path(args.config).stem)]
    content = json.dumps(record, indent=2, allow_nan=False)
    write_atomically(out / 'batch_audit.json', f'{content}\n'.encode())
    paths += save(plot_batch_audit(found, title(about, found)), out / 'batch_audit')
    print_table(audit_table(found))
    if len(last) < len(audited):
        paths += save(plot_epochs(record['trainings'][0]), out / 'batch_audit_epochs')
        print(f'the table is of epoch {last[0].epoch}; the others are in the file')
    print(f'written: {", ".join(map(str, paths))}\n{found.verdict()}')
    if any(one.audit.depends_on_batch for one in audited):
        sys.exit(DEPENDS)


def last_epoch(audited: list[AuditedCheckpoint]) -> list[AuditedCheckpoint]:
    """Return the checkpoints of the last epoch of each training, all if epochs are not known."""
    places = {(one.seed, one.epoch) for one in audited}
    if len(places) < len(audited) or None in {part for place in places for part in place}:
        return audited
    common = set.intersection(
        *(
            {one.epoch for one in audited if one.seed == seed and one.epoch is not None}
            for seed, _ in places
        )
    )
    if not common:
        return audited
    return [one for one in audited if one.epoch == max(common)]


def title(about: dict, found: Audit) -> str:
    """Return the title of the plot: the model, the images and the finding."""
    split = f', {about["split"]}' if about['split'] else ''
    verdict = 'probabilities change' if found.depends_on_batch else 'no probability changes'
    files = about['checkpoints']
    weights = Path(files[0]).name if len(files) == 1 else f'{len(files)} trainings'
    return (
        f'{Path(about["config"]).stem} ({weights}) on {about["dataset"]}'
        f'{split}: {len(found.labels)} images, {found.num_classes} classes\n'
        f'the same weights on the same images, batched in other ways: {verdict}'
    )


if __name__ == '__main__':
    run_tool(main)
