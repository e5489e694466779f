"""Audit all kept checkpoints of a set of configs: what each kind of batch does, epoch by epoch.

    python tools/ablate.py released
    python tools/analysis_tools/audit_set.py released

Test every checkpoint of every run in WORK_DIR/CONFIG/seed_N as batch_audit.py does, and write
WORK_DIR/SET_audit.md and .json, and the pictures of plot_audit.py. Audits are kept in the folders
of the runs: the same command resumes after an interruption, and audits what is new or changed. To
audit every epoch, keep all checkpoints (default_hooks.checkpoint.max_keep_ckpts=-1).
"""

import argparse
import json
from pathlib import Path

from convcut_mm.ablation import read_set
from convcut_mm.ablation.audit_set import audit_row, rows_to_audit
from convcut_mm.ablation.audit_table import audit_markdown
from convcut_mm.cli.options import add_batch_options, add_cfg_options
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.evaluation.batch_audit import regimes
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.plotting import save
from convcut_mm.utils.progress import progress
from convcut_mm.visualization.audit_over_epochs import audit_figures


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('set', help='name of a set in configs/METHOD/ablations, or a YAML file')
    parser.add_argument(
        '--work-dir',
        default='work_dirs/ablations',
        help='folder of the runs (default: %(default)s)',
    )
    add_batch_options(parser)
    add_cfg_options(parser, 'every config of the set')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    tests = regimes(args.batch_sizes, args.seeds)
    rows, work_dir = read_set(args.set), Path(args.work_dir)
    left = list(rows_to_audit(rows, work_dir))
    total = sum(len(checkpoints) for _, checkpoints in left)
    with progress('Auditing', total, 'checkpoints') as step:
        trainings = [
            audit_row(row, checkpoints, tests, args.cfg_options, step=step)
            for row, checkpoints in left
        ]
    out = work_dir / f'{rows.name}_audit'
    text = audit_markdown(rows.title, trainings)
    content = json.dumps(dict(title=rows.title, trainings=trainings), indent=1, allow_nan=False)
    write_atomically(out.with_name(f'{out.name}.md'), text.encode())
    write_atomically(out.with_name(f'{out.name}.json'), f'{content}\n'.encode())
    paths = [out.with_name(f'{out.name}{suffix}') for suffix in ('.md', '.json')]
    for name, figure in audit_figures(trainings).items():
        paths += save(figure, f'{out}{name}')
    print(f'{text}\nwritten: {", ".join(map(str, paths))}')


if __name__ == '__main__':
    run_tool(main)
