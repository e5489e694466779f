"""Render a data set of synthetic faces in RAF-DB's layout, to try training without photographs.

    python tools/dataset_converters/draw_faces.py data/drawn_faces
    python tools/dataset_converters/draw_faces.py --sheet drawn_faces.png   # only a contact sheet

The same arguments give the same bytes. A folder that holds anything else is refused.
"""

import argparse
import io

from PIL import Image

from convcut import run_tool, start_up
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

SHEET_COLUMNS = 8


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('folder', nargs='?', help='folder to create')
    parser.add_argument(
        '--train-per-class',
        type=int,
        default=500,
        metavar='N',
        help='training faces of each expression (default: %(default)s)',
    )
    parser.add_argument(
        '--test-per-class',
        type=int,
        default=50,
        metavar='N',
        help='test faces of each expression (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed (default: %(default)s)')
    parser.add_argument(
        '--size',
        type=int,
        default=100,
        metavar='PIXELS',
        help='width and height of a face (default: %(default)s)',
    )
    parser.add_argument(
        '--sheet',
        metavar='FILE.png',
        help=f'write a picture with {SHEET_COLUMNS} faces of each expression instead of a data '
        'set',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.datasets.synthetic_faces import EXPRESSIONS, render_dataset
    if (args.folder is None) == (args.sheet is None):
        raise ConvcutError('name either the folder to create or --sheet FILE.png')
    if args.sheet is not None:
        write_sheet(args.sheet, args.seed, args.size)
        print(f'{args.sheet}: {SHEET_COLUMNS} faces for each of {len(EXPRESSIONS)} expressions')
        return
    render_dataset(args.folder, args.train_per_class, args.test_per_class, args.seed, args.size)
    print(
        f'{args.folder}: {args.train_per_class * len(EXPRESSIONS)} training and '
        f'{args.test_per_class * len(EXPRESSIONS)} test faces of {len(EXPRESSIONS)} expressions'
    )


def write_sheet(path: str, seed: int, size: int) -> None:
    """Write the contact sheet as a PNG file."""
    from convcut_mm.datasets.synthetic_faces import contact_sheet

    if not path.lower().endswith('.png'):
        raise ConvcutError(f'--sheet {path}: expected a name that ends in .png')
    sheet = Image.fromarray(contact_sheet(SHEET_COLUMNS, seed, size))
    # a third of the size of full colour; Pillow dithers only with a given palette
    sheet = sheet.quantize(256, palette=sheet.quantize(256, kmeans=1))
    content = io.BytesIO()
    sheet.save(content, 'PNG', optimize=True)
    write_atomically(path, content.getvalue())


if __name__ == '__main__':
    run_tool(main)
