"""Train a model.

    python tools/train.py configs/convcut_rafdb.py
    python tools/train.py configs/convcut_rafdb.py --resume     # after an interruption
    python tools/train.py configs/convcut_rafdb.py --cache-features     # run the backbone once
    bash tools/dist_train.sh configs/convcut_rafdb.py 4         # four processes on one machine
    python tools/train.py PHASE1.py --then PHASE2.py            # from where the first ended
    python tools/train.py convcut-atto_finetune --data-folder FACES     # FACES/CLASS/a.jpg

The options are those of mmpretrain's tools/train.py, --cache-features, --then for a second phase,
and --data-folder and --pretrained for your own faces, see docs/add_a_data_set.md.
"""

import argparse

from convcut import run_tool, start_up
from convcut_mm.cli.options import add_common_options
from convcut_mm.cli.parser import ToolParser


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from this checkpoint, by default the last one in the work folder',
    )
    parser.add_argument(
        '--then',
        metavar='CONFIG',
        help='afterwards train this config from the weights with which the first training ended; '
        'its work folder is beside that of the first. The other options hold for both',
    )
    parser.add_argument('--no-validate', action='store_true', help='do not validate')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the number of processes and the batch size',
    )
    parser.add_argument(
        '--no-persistent-workers',
        action='store_true',
        help='restart the worker processes in each epoch',
    )
    parser.add_argument(
        '--data-folder',
        metavar='DIR',
        help='train on the faces DIR/CLASS/NAME.jpg (or DIR/train/CLASS/... with val/ and test/) '
        "instead of the config's data",
    )
    parser.add_argument(
        '--pretrained',
        metavar='CHECKPOINT',
        help='start from these weights; the classifier keeps its rows for classes of the same '
        "name. With --data-folder the default is the zoo's weights for the config; "
        '"none" starts from scratch',
    )
    add_common_options(parser)
    args = parser.parse_args()
    if args.data_folder is not None and 'data_root' in (args.cfg_options or {}):
        parser.error("--data-folder replaces the config's data, so it takes no --data-root")
    return args


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.cli.training import run
    run(args)


if __name__ == '__main__':
    run_tool(main)
