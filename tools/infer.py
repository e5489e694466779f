"""Says what the faces of images, folders, videos or a webcam express, and draws it.

    python tools/infer.py photo.jpg --out results
    python tools/infer.py FOLDER a.mp4 https://example.org/b.jpg --out results
    python tools/infer.py webcam --out results --show            # q ends it
    python tools/infer.py faces --out results --detector none    # each image is a face
    python tools/infer.py photo.jpg --out results --model CONFIG --checkpoint CHECKPOINT

Writes into --out: a picture of each image and an MP4 of each video with boxes and probabilities,
predictions.jsonl, predictions.csv, and for each video a plot of the probabilities over time. Exit
status: 0, 1 for a mistake on the command line, 3 if some inputs could not be read (the rest is
done), 130 if interrupted (what was done is written).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from convcut_mm.apis.backends import BACKENDS
from convcut_mm.apis.detectors import DETECTORS
from convcut_mm.apis.drawing import percent
from convcut_mm.apis.inferencer import ExpressionInferencer, count_steps
from convcut_mm.apis.looking import Answer
from convcut_mm.apis.pictures import PictureWriter, unique_name
from convcut_mm.apis.records import CSV, JSON_LINES, record
from convcut_mm.apis.sources import files_below, is_media_name, list_sources
from convcut_mm.apis.timeline import Timeline
from convcut_mm.apis.window import check_display
from convcut_mm.errors import ConvcutError
from convcut_mm.utils import tool
from convcut_mm.utils.progress import progress
from convcut_mm.visualization.style import save

SOME_FAILED, INTERRUPTED = 3, 130
LINES = 10  # with more images only the sum is printed


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, video, URL, folder with images and videos, webcam or webcam:NUMBER',
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument(
        '--model',
        default='convcut-atto_ferplus',
        help='name in the zoo, config file, or exported file (default: %(default)s)',
    )
    parser.add_argument(
        '--checkpoint',
        help="weights for a config (default: those that come with the model's name)",
    )
    parser.add_argument('--backend', choices=BACKENDS, default='torch')
    parser.add_argument('--device', help='where PyTorch computes (default: a GPU if there is one)')
    parser.add_argument(
        '--detector',
        choices=DETECTORS,
        default='cascade',
        help='what finds faces; none: each image is a face (default: %(default)s)',
    )
    parser.add_argument('--detector-model', metavar='FILE', help="YuNet's model file")
    parser.add_argument(
        '--margin',
        type=float,
        help="added around a face, as a share of its box's side (default: fits the detector)",
    )
    parser.add_argument(
        '--batch-size', type=int, default=32, help='faces at a time (default: %(default)s)'
    )
    parser.add_argument(
        '--every', type=int, default=1, metavar='N', help='look at each n-th frame of videos only'
    )
    parser.add_argument(
        '--seconds', type=float, help='of each video or of a webcam, only the first so many'
    )
    parser.add_argument('--no-pictures', action='store_true', help='write numbers only')
    parser.add_argument('--show', action='store_true', help='show the pictures in a window too')
    args = parser.parse_args()
    for name in ('batch_size', 'every'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")}: expected 1 or more')
    return args


def main() -> None:
    args = parse_args()
    out = Path(args.out)
    if out.exists() and not out.is_dir():
        raise ConvcutError(f'--out {out}: a file; expected a folder')
    if args.show:
        check_display()
    sources = find_sources(args.inputs, out)
    inferencer = ExpressionInferencer(
        args.model,
        args.checkpoint or True,
        device=args.device,
        backend=args.backend,
        detector=args.detector,
        detector_model=args.detector_model,
        margin=args.margin,
    )
    summary = Summary(len(sources))
    pictures = None if args.no_pictures else PictureWriter(out, inferencer.draw, args.every)
    plots = PlotWriter(out, inferencer.classes)
    with record(out, inferencer.classes) as write:
        try:
            for answer in look(args, inferencer, sources):
                write(answer.result)
                summary.add(answer)
                plots.add(answer)
                if pictures is not None:
                    pictures.add(answer)
                if args.show and not inferencer.show(answer):
                    break
        except KeyboardInterrupt:
            summary.interrupted = True
        if pictures is not None:
            pictures.close()
        plots.close()
    print(summary.line())
    print(f'{out}: {", ".join([JSON_LINES, CSV, *summary_of_files(pictures, plots)])}')
    sys.exit(summary.status())


def find_sources(inputs: list, out: Path) -> list:
    """Images and videos of the command line, without the results of a run before.

    Raises:
        ConvcutError: A path that does not exist, or a folder without images.
    """
    for path in inputs:
        source = list_sources(path)[0]
        if isinstance(source.value, str) and '://' not in path and not Path(path).exists():
            raise ConvcutError(f'{path}: no such file or folder')
    here = out.resolve()
    sources = [
        source
        for source in list_sources(inputs)
        if not isinstance(source.value, str) or here not in Path(source.value).resolve().parents
    ]
    if not sources:
        raise ConvcutError(f'{" ".join(inputs)}: no images or videos outside of --out {out}')
    for folder in filter(lambda path: Path(path).is_dir(), inputs):
        others = sum(not is_media_name(file) for file in files_below(Path(folder)))
        if others:
            print(f'{folder}: {many(others, "file")} left out, neither image nor video')
    return sources


def look(args: argparse.Namespace, inferencer: ExpressionInferencer, sources: list) -> Iterator:
    """Answers, with a progress bar."""
    total = count_steps(sources, args.every, args.seconds)
    unit = 'frames' if any(source.is_video for source in sources) else 'images'
    with_images = args.show or not args.no_pictures
    with progress('looking for faces', total, unit, shown=total != 1) as step:
        for answer in inferencer.answers(
            sources, args.batch_size, args.every, with_images, args.seconds
        ):
            yield answer
            step()


class PlotWriter:
    """Writes the plot of each video beside its pictures."""

    def __init__(self, out: Path, classes: tuple) -> None:
        self.out, self.classes = out, classes
        self.files: list = []
        self._taken: set = set()
        self._source = self._timeline = None

    def add(self, answer: Answer) -> None:
        if answer.source is not self._source:
            self.close()
            self._source = answer.source
            self._timeline = Timeline(self.classes) if answer.source.is_video else None
        if self._timeline is not None:
            self._timeline.add(answer.result)

    def close(self) -> None:
        if self._timeline:
            name = unique_name(self._source.name, self._taken)
            figure = self._timeline.figure(Path(self._source.name).name)
            self.files.extend(save(figure, self.out / f'{name}_timeline'))
        self._timeline = None


class Summary:
    """What is printed, and the exit status."""

    def __init__(self, inputs: int) -> None:
        self.inputs, self.interrupted, self.video = inputs, False, False
        self.images = self.faces = self.empty = self.failed = 0
        self.expressions: Counter = Counter()

    def add(self, answer: Answer) -> None:
        result = answer.result
        self.video |= answer.video is not None
        if result['error']:
            self.failed += 1
            print(f'error: {result["error"]}', file=sys.stderr)
            return
        self.images += 1
        self.faces += len(result['faces'])
        self.empty += not result['faces']
        self.expressions.update(face['expression'] for face in result['faces'])
        if self.inputs <= LINES and answer.video is None:
            found = ', '.join(
                f'{face["expression"]} {percent(face["score"])}' for face in result['faces']
            )
            print(f'{result["input"]}: {found or "no face found"}')

    def line(self) -> str:
        """The run in one line."""
        counts = ', '.join(f'{name} {n}' for name, n in self.expressions.most_common())
        parts = [f'{many(self.faces, "face")}{f" ({counts})" if counts else ""}']
        if self.empty:
            parts.append(f'no face in {self.empty}')
        if self.failed:
            parts.append(f'{self.failed} could not be read')
        if self.interrupted:
            parts.append('interrupted')
        what = 'frame' if self.video else 'image'
        return f'{many(self.images, what)}: {"; ".join(parts)}'

    def status(self) -> int:
        """0, or why not."""
        if self.interrupted:
            return INTERRUPTED
        return SOME_FAILED if self.failed else 0


def many(number: int, what: str) -> str:
    """A number with its noun."""
    return f'{number} {what}' if number == 1 else f'{number} {what}s'


def summary_of_files(pictures: Optional[PictureWriter], plots: PlotWriter) -> list:
    """What lies in --out besides the tables."""
    files = [*(pictures.files if pictures else []), *plots.files]
    if len(files) <= LINES:
        return [file.name for file in files]
    return [f'{len(files)} pictures']


if __name__ == '__main__':
    tool.run_tool(main)
