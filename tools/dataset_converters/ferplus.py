"""Convert FER2013's and FER+'s CSV files, or zip files, to the folders that FERPlus reads.

    python tools/dataset_converters/ferplus.py SRC data/ferplus
    python tools/dataset_converters/ferplus.py SRC data/ferplus --from zip   # SRC holds both

SRC is a folder with fer2013.csv (the images, from Kaggle) and fer2013new.csv (the votes, from
FER+'s repository), or with some of FER2013Train.zip, FER2013Valid.zip and FER2013Test.zip. Folders
get their names once they are complete, so run the same command again after an interruption.
"""

import argparse
from pathlib import Path

from convcut import run_tool, start_up
from convcut_mm.cli.parser import ToolParser


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('src', type=Path, help='folder with the two CSV files or the zip files')
    parser.add_argument('dst', type=Path, help='folder to write, the data_root of FERPlus')
    parser.add_argument(
        '--from', dest='kind', choices=['csv', 'zip'], help='what to read if SRC holds both'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.datasets.utils.ferplus_converter import convert
    convert(args.src, args.dst, args.kind)


if __name__ == '__main__':
    run_tool(main)
