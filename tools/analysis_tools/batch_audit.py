"""Show whether a model's predictions depend on the batch in which an image is tested.

    python tools/analysis_tools/batch_audit.py CONFIG CHECKPOINT
    python tools/analysis_tools/batch_audit.py CONFIG CHECKPOINT --batch-sizes 8 32 --seeds 5
    python tools/analysis_tools/batch_audit.py CONFIG seed_*/epoch_20.pth    # means over trainings

Test the same weights on the same images in batches of one, in shuffled batches and in batches read
class by class. Write batch_audit.json, .png and .svg. Exit status: 0 if every image has the same
probabilities as alone, 3 if not, 1 if the audit failed.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from convcut_mm.apis.load_classifier import load_classifier
from convcut_mm.cli.console import print_table
from convcut_mm.cli.options import add_cfg_options
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.datasets.builder import build_dataset
from convcut_mm.errors import ConvcutError
from convcut_mm.evaluation.batch_audit import (
    Audit,
    BatchTester,
    Regime,
    audit,
    audit_record,
    audit_table,
    probe_batches,
    regimes,
)
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.plotting import save
from convcut_mm.utils.progress import progress
from convcut_mm.visualization.batch_audit import plot_batch_audit

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
    parser.add_argument(
        '--batch-sizes',
        type=int,
        nargs='+',
        default=[16, 32, 64, 256],
        metavar='N',
        help='batch sizes to test beside batches of one (default: 16 32 64 256)',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        default=3,
        metavar='N',
        help='shuffles of each order and batch size (default: %(default)s)',
    )
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
    tests = regimes(args.batch_sizes, args.seeds)
    if not args.tolerance > 0:
        raise ConvcutError(f'--tolerance {args.tolerance:g}: expected a positive number')
    out = Path(args.out or Path('work_dirs') / 'batch_audit' / Path(args.config).stem)
    if out.exists() and not out.is_dir():
        raise ConvcutError(f'--out {out}: expected a folder, this is a file')
    options = dict(args.cfg_options or {})
    if args.split is not None:
        options['test_dataloader.dataset.split'] = args.split
    audits = []
    for checkpoint in args.checkpoints:
        classifier = load_classifier(args.config, checkpoint, cfg_options=options)
        loader = classifier.config.test_dataloader
        dataset = build_dataset(loader.dataset, pipeline=loader.dataset.pipeline)
        tester = BatchTester(classifier.model, dataset, loader)
        audits.append(run(tester, checkpoint, tests, args.tolerance, loader.get('batch_size', 32)))
    found = Audit.of_all(audits)
    about = dict(
        config=args.config,
        checkpoints=args.checkpoints,
        dataset=type(dataset).__name__,
        split=loader.dataset.get('split'),
        classes=classifier.classes,
        computed='whole model' if tester.features is None else 'head on stored features',
    )
    content = json.dumps({**about, **audit_record(found)}, indent=2, allow_nan=False)
    write_atomically(out / 'batch_audit.json', f'{content}\n'.encode())
    paths = [
        out / 'batch_audit.json',
        *save(plot_batch_audit(found, title(about, found)), out / 'batch_audit'),
    ]
    print_table(audit_table(found))
    print(f'written: {", ".join(map(str, paths))}\n{found.verdict()}')
    if found.depends_on_batch:
        sys.exit(DEPENDS)


def run(
    tester: BatchTester, checkpoint: str, tests: list[Regime], tolerance: float, batch_size: int
) -> Audit:
    """Test with the batches of all regimes, with a progress bar."""
    # TensorFloat-32 rounds by more than the tolerance
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    labels = tester.labels()
    with progress('Computing features', len(tester)) as step:
        tester.store_features(batch_size, step)
    if not tester.features_hold(probe_batches(tests, labels), tolerance):
        print(
            'the input of the head depends on the batch or cannot be stored: the whole model runs '
            f'in each of the {len(tests)} tests',
            file=sys.stderr,
        )
    with progress('Testing', len(tests) * len(tester)) as step:
        return audit(
            lambda batches: tester.probabilities(batches, step),
            labels,
            tests,
            tolerance,
            checkpoint,
        )


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
