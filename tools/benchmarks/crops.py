"""Measure how well a model knows the faces that a detector cuts out: FERPlus, found again.

    python tools/benchmarks/crops.py --data data/ferplus
    python tools/benchmarks/crops.py --data data/ferplus --split valid --margins 0 --templates own

FER2013's images, 48 pixels with nothing around the face, are enlarged by three onto grey. Each
detector looks for the face; each (template, margin) cuts it out, and the model classifies it
beside the whole image, which is what it was trained on. A face that is not found counts as wrong
in "all" and is left out of "found", whose second figure is that of the same images uncut. Choose
on "holdout", the tenth of FER2013Train that no training of this version sees (the weights of 0.1.0
held other images out), and report "valid".

The mean of the landmarks, as parts of the image, is printed too: a detector's template comes from
there. Templates: own (the detector's), raf-db, mean (the printed one), box (no landmarks).
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.detectors import DETECTORS, Detector, Face, build_detector, crop_face
from convcut_mm.apis.detectors.base import RAF_DB
from convcut_mm.apis.inputs.images import read_image
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.cli.run import run_tool
from convcut_mm.datasets.builder import build_dataset
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.image_files import MAX_PIXELS
from convcut_mm.utils.progress import progress
from convcut_mm.utils.text import say
from convcut_mm.zoo import DEFAULT_MODEL

SPLITS = dict(holdout=dict(split='train', part='holdout'), valid=dict(split='valid'))
GROWTH, BORDER, GREY = 3, 96, (127, 127, 127)  # of the canvas, pixels around it
TEMPLATES = ('own', 'raf-db', 'mean', 'box')


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument(
        '--data', type=Path, required=True, help='folder of FER2013Train and others'
    )
    parser.add_argument('--split', choices=SPLITS, default='holdout', help='default: %(default)s')
    parser.add_argument('--count', type=positive, default=500, help='default: %(default)s images')
    parser.add_argument('--detectors', nargs='+', choices=DETECTORS, default=['centerface'])
    parser.add_argument('--detector-model', metavar='FILE', help="YuNet's model file")
    parser.add_argument('--templates', nargs='+', choices=TEMPLATES, default=list(TEMPLATES))
    parser.add_argument(
        '--margins', type=float, nargs='+', default=[-0.05, 0, 0.05], help='default: -0.05 0 0.05'
    )
    parser.add_argument('--model', default=DEFAULT_MODEL, help='default: %(default)s')
    parser.add_argument('--checkpoint', help="weights (default: the model's own)")
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the figures as JSON')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    images, labels, classes = read_faces(args.data, args.split, args.count)
    inferencer = ExpressionInferencer(
        args.model, args.checkpoint or True, detector='none', device='cpu'
    )
    if tuple(inferencer.classes) != classes:
        raise ConvcutError(f'{args.model}: other classes than FERPlus')
    uncut = right(inferencer, images, labels)
    say(f'{len(images)} images of {args.split}, uncut: {100 * uncut.mean():.1f} %')
    rows = []
    for name in args.detectors:
        detector = build_detector(name, args.detector_model)
        found = enumerate(find(name, detector, images))
        faces = {index: face for index, face in found if face is not None}
        known = list(faces)
        mean = mean_landmarks(list(faces.values()))
        where = '' if mean is None else f', mean {mean.round(3).tolist()}'
        say(f'{name}: {len(known)} found{where}')
        for template in args.templates:
            if template != 'box' and mean is None:
                continue
            for margin in args.margins:
                crops = [
                    cut(canvas(images[index]), faces[index], detector, template, mean, margin)
                    for index in known
                ]
                hits = right(inferencer, crops, labels[known])
                row = dict(
                    detector=name,
                    template=template,
                    margin=margin,
                    all=100 * hits.sum() / len(images),
                    found=100 * hits.mean(),
                    uncut=100 * uncut[known].mean(),
                )
                rows.append(row)
                say(
                    f'{name:<11} {template:<7} margin {margin:+.2f}: all {row["all"]:5.1f} %, '
                    f'found {row["found"]:5.1f} % (uncut {row["uncut"]:5.1f} %)'
                )
    if args.out:
        write_atomically(args.out, json.dumps(rows, indent=2).encode())


def read_faces(data: Path, split: str, count: int) -> tuple[list, np.ndarray, tuple]:
    """Read images of a split, spread over it, with their labels and the class names."""
    folder = f'FER2013{SPLITS[split]["split"].title()}'
    if not (data / folder).is_dir():
        raise ConvcutError(f'--data {data}: no folder {folder} there')
    dataset = build_dataset(dict(type='FERPlus', data_root=str(data), **SPLITS[split]))
    chosen = np.unique(np.linspace(0, len(dataset) - 1, count).astype(int))
    infos = [dataset.get_data_info(int(number)) for number in chosen]
    images = [read_image(info['img_path'], MAX_PIXELS) for info in infos]
    labels = np.array([info['gt_label'] for info in infos])
    return images, labels, tuple(dataset.metainfo['classes'])


def canvas(image: np.ndarray) -> np.ndarray:
    """Enlarge a face image, without a border."""
    return cv2.resize(image, None, fx=GROWTH, fy=GROWTH, interpolation=cv2.INTER_CUBIC)


def find(name: str, detector: Detector, images: list[np.ndarray]) -> list[Face | None]:
    """The face in the middle of each image, in pixels of the enlarged one."""
    faces = []
    with progress(name, len(images)) as step:
        for image in images:
            large = canvas(image)
            border = (BORDER,) * 4
            large = cv2.copyMakeBorder(large, *border, cv2.BORDER_CONSTANT, value=GREY)
            middle = np.array(large.shape[1::-1]) / 2
            faces.append(_nearest(detector(large), middle))
            step()
    return faces


def _nearest(faces: list[Face], middle: np.ndarray) -> Face | None:
    def distance(face: Face) -> float:
        return float(np.abs((np.array(face.box[:2]) + face.box[2:]) / 2 - middle).max())

    near = [face for face in faces if distance(face) < middle[0] / 4]
    if not near:
        return None
    face = min(near, key=distance)
    box = tuple((np.array(face.box) - BORDER).tolist())
    landmarks = None if face.landmarks is None else face.landmarks - BORDER
    return face._replace(box=box, landmarks=landmarks)


def mean_landmarks(faces: list) -> np.ndarray | None:
    """Where the landmarks lie on average, as parts of the image's side."""
    points = [face.landmarks for face in faces if face.landmarks is not None]
    return np.mean(points, axis=0) / (48 * GROWTH) if points else None


def cut(
    image: np.ndarray,
    face: Face,
    detector: Detector,
    template: str,
    mean: np.ndarray | None,
    margin: float,
) -> np.ndarray:
    """What the model is shown."""
    size = 48
    if template == 'box' or mean is None:
        return crop_face(image, face._replace(landmarks=None), margin, size)
    points = {'own': detector.template, 'raf-db': RAF_DB, 'mean': mean}[template]
    return crop_face(image, face, margin, size, points)


def right(inferencer: ExpressionInferencer, faces: list, labels: np.ndarray) -> np.ndarray:
    """Whether each face is classified as its label says."""
    if not len(faces):
        return np.zeros(0, bool)
    return inferencer.classify(faces).argmax(axis=1) == labels


if __name__ == '__main__':
    run_tool(main)
