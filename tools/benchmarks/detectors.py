"""Count the faces that each installed detector finds in photos whose faces are known.

    python tools/benchmarks/detectors.py FOLDER TRUTH.json
    python tools/benchmarks/detectors.py FOLDER TRUTH.json --detectors centerface --rolls 90

TRUTH.json maps the name of each photo in FOLDER to its faces, x1, y1, x2, y2 in pixels of the
upright photo (EXIF applied): {"a.jpg": [[177, 70, 272, 165]], "wall.jpg": []}. Detectors disagree
on where a face ends: a box is right if it overlaps a true one by --overlap, or if the middle of
each lies inside the other. Two boxes of one face are one right and one false. Times are the median
over photos. A second table turns each photo by --rolls, both ways; true boxes keep their sides.
"""

import argparse
import json
import math
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from convcut_mm.apis.detectors import DETECTORS, Detector, UprightSearch, build_detector
from convcut_mm.apis.detectors.boxes import overlap
from convcut_mm.apis.inputs.images import read_image
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.image_files import MAX_PIXELS, read_file
from convcut_mm.utils.progress import progress
from convcut_mm.utils.text import first_line, say

ROLLS = (0, 15, 30, 45, 90)  # degrees
LARGEST_TRUTH = 64 * 2**20  # bytes
GREY = (127, 127, 127)


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('folder', type=Path, help='folder of the photos')
    parser.add_argument('truth', type=Path, help='JSON file of their faces')
    parser.add_argument(
        '--detectors',
        nargs='+',
        choices=[name for name in DETECTORS if name != 'none'],
        help='default: all that are installed',
    )
    parser.add_argument('--detector-model', metavar='FILE', help="YuNet's model file")
    parser.add_argument(
        '--overlap', type=float, default=0.3, help='intersection over union (default: %(default)s)'
    )
    parser.add_argument(
        '--rolls',
        type=float,
        nargs='*',
        default=ROLLS,
        metavar='DEGREES',
        help='of the second table; none without a number (default: 0 15 30 45 90)',
    )
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the figures as JSON')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    truth = read_truth(args.truth, args.folder)
    found: dict[str, dict] = {}
    for name in args.detectors or [name for name in DETECTORS if name != 'none']:
        try:
            detector = build_detector(name, args.detector_model)
        except ConvcutError as error:
            if args.detectors:
                raise
            say(f'left out: {error}')
            continue
        found[name] = measure(name, detector, args.folder, truth, args.rolls, args.overlap)
    if not found:
        raise ConvcutError('no detector is installed: pip install "convcut_mm[infer]"')
    faces = sum(map(len, truth.values()))
    say(f'{len(truth)} photos, {faces} faces')
    say('detector     found           false  ms a photo')
    for name, row in found.items():
        part = 100 * row['found'] / max(faces, 1)
        say(f'{name:<12} {row["found"]:5d} {part:6.1f} %  {row["false"]:5d}  {row["ms"]:10.1f}')
    if args.rolls:
        say('found of all, in per cent, by degrees of roll both ways')
        say(f'{"":<12} ' + ' '.join(f'{roll:6g}' for roll in args.rolls))
        for name, row in found.items():
            say(f'{name:<12} ' + ' '.join(f'{part:6.1f}' for part in row['rolls'].values()))
    if args.out:
        text = json.dumps(dict(photos=len(truth), faces=faces, detectors=found), indent=2)
        write_atomically(args.out, text.encode())


def read_truth(file: Path, folder: Path) -> dict[str, np.ndarray]:
    """Read the true boxes, (N, 4) for each photo."""
    try:
        content = json.loads(read_file(file, LARGEST_TRUTH))
    except ValueError as error:
        raise ConvcutError(f'{file}: not JSON ({first_line(error)})') from None
    if not isinstance(content, dict) or not content:
        raise ConvcutError(f'{file}: expected {{"photo.jpg": [[x1, y1, x2, y2], ...], ...}}')
    truth = {}
    for name, boxes in content.items():
        try:
            array = np.array(boxes, dtype=float).reshape(-1, 4)
        except (TypeError, ValueError):
            array = np.full((1, 4), math.nan)
        if not (array[:, 2:] > array[:, :2]).all():  # NaN is not larger either
            raise ConvcutError(f'{file}: "{name}": expected faces [x1, y1, x2, y2] in pixels')
        if Path(name).name != name or not (folder / name).is_file():
            raise ConvcutError(f'{file}: "{name}": no such photo in {folder}')
        truth[name] = array
    return truth


def measure(
    name: str,
    detector: Detector,
    folder: Path,
    truth: dict[str, np.ndarray],
    rolls: list[float],
    least_overlap: float,
) -> dict:
    """Run a detector over all photos, and over the turned ones."""
    right, false, times = 0, 0, []
    turned = {roll: 0 for roll in rolls}
    ways = {roll: (roll,) if roll % 180 == 0 else (roll, -roll) for roll in rolls}
    with progress(name, len(truth), 'photos') as step:
        for photo, boxes in truth.items():
            image = read_image(folder / photo, MAX_PIXELS)
            start = time.perf_counter()
            faces = UprightSearch(detector)(image)
            times.append(1000 * (time.perf_counter() - start))
            hits = matched([face.box for face in faces], boxes, least_overlap)
            right, false = right + hits, false + len(faces) - hits
            for roll in rolls if len(boxes) else ():
                for degrees in ways[roll]:
                    other, moved = turn(image, boxes, degrees)
                    seen = [face.box for face in UprightSearch(detector)(other)]
                    turned[roll] += matched(seen, moved, least_overlap)
            step()
    number = sum(map(len, truth.values())) or 1
    parts = {f'{roll:g}': 100 * turned[roll] / number / len(ways[roll]) for roll in rolls}
    return dict(found=right, false=false, ms=median(times), rolls=parts)


def turn(image: np.ndarray, boxes: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn a photo clockwise, on grey; the boxes follow with their middles."""
    height, width = image.shape[:2]
    side = math.ceil(math.hypot(height, width))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(image, matrix, (side, side), borderValue=GREY)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2
    return turned, np.concatenate([middles - halves, middles + halves], axis=1)


def matched(found: list, truth: np.ndarray, least_overlap: float) -> int:
    """Number of true faces that a box of its own is right about."""
    if not found or not len(truth):
        return 0
    boxes = np.array(found)
    right = (overlap(boxes, truth) >= least_overlap) | (
        _holds_middles(boxes, truth) & _holds_middles(truth, boxes).T
    )
    rows, columns = linear_sum_assignment(right, maximize=True)
    return int(right[rows, columns].sum())


def _holds_middles(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether each box holds the middle of each of the others, (N, M)."""
    middles = (others[:, :2] + others[:, 2:]) / 2
    low = (middles[None] >= boxes[:, None, :2]).all(axis=2)
    return low & (middles[None] <= boxes[:, None, 2:]).all(axis=2)


if __name__ == '__main__':
    run_tool(main)
