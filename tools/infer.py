"""Recognise the facial expressions in images, folders, videos or a webcam's video.

    python tools/infer.py photo.jpg --out results
    python tools/infer.py FOLDER a.mp4 https://example.org/b.jpg --out results
    python tools/infer.py webcam --out results --show            # press q to end
    python tools/infer.py faces --out results --detector none    # each image is a face
    python tools/infer.py photo.jpg --out results --model CONFIG --checkpoint CHECKPOINT

Write into --out a picture of each image and an MP4 of each video with boxes and probabilities,
predictions.jsonl, predictions.csv, and a plot of the probabilities over time for each video.
--resume continues a run that was killed or interrupted. Exit status: 0 if all inputs have results;
3 if some have none (all others are done); 1 if nothing can be done or a result cannot be written;
2 for an unknown option; 130 after Ctrl-C (finished results are written).
"""

import argparse
import sys
from pathlib import Path

from convcut import run_tool, start_up
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.hashing import file_sha256
from convcut_mm.utils.text import say
from convcut_mm.zoo import DEFAULT_MODEL

# options that do not change results, or whose files are compared by content
NO_OPTIONS = 'inputs', 'out', 'model', 'checkpoint', 'no_pictures', 'show', 'resume', 'every'


def parse_args() -> argparse.Namespace:
    from convcut_mm.apis.backends import BACKENDS
    from convcut_mm.apis.detectors import DEFAULT_DETECTOR, DETECTORS

    parser = ToolParser(__doc__)
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, video, URL, folder with images and videos, webcam or webcam:NUMBER',
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument(
        '--model',
        default=DEFAULT_MODEL,
        help='name in the zoo, config file, or exported file (default: %(default)s)',
    )
    parser.add_argument(
        '--checkpoint',
        help="weights for a config (default: those that come with the model's name)",
    )
    parser.add_argument(
        '--backend', choices=BACKENDS, default='torch', help='runtime (default: %(default)s)'
    )
    parser.add_argument('--device', help='device of PyTorch (default: a GPU if there is one)')
    parser.add_argument(
        '--detector',
        choices=DETECTORS,
        default=DEFAULT_DETECTOR,
        help='face detector; none: each image is a face (default: %(default)s)',
    )
    parser.add_argument('--detector-model', metavar='FILE', help="YuNet's model file")
    parser.add_argument(
        '--margin',
        type=float,
        help="margin around a face as a fraction of its box's side (default: the detector's own)",
    )
    parser.add_argument(
        '--batch-size', type=positive, default=32, help='faces a batch (default: %(default)s)'
    )
    parser.add_argument(
        '--every',
        type=positive,
        default=1,
        metavar='N',
        help='use only every N-th frame of videos',
    )
    parser.add_argument(
        '--seconds', type=float, help='use only the first seconds of each video or webcam'
    )
    parser.add_argument(
        '--rotate',
        type=int,
        default=0,
        choices=(0, 90, 180, 270),
        help='rotate images and videos clockwise, unless their file states its orientation',
    )
    parser.add_argument(
        '--max-value',
        type=float,
        metavar='N',
        help='value of white in images with 16 bits, such as 1023 (default: 65535)',
    )
    parser.add_argument(
        '--no-pictures', action='store_true', help='write only predictions.jsonl and .csv'
    )
    parser.add_argument(
        '--resume',
        action='store_true',
        help='continue the killed or interrupted run in --out, if there is one',
    )
    parser.add_argument('--show', action='store_true', help='show the pictures in a window too')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up(with_models=args.backend == 'torch'):
        from convcut_mm.apis.inferencer import ExpressionInferencer
        from convcut_mm.apis.inputs.find import find_sources
        from convcut_mm.apis.inputs.options import InputOptions
        from convcut_mm.apis.outputs.records import CSV, JSON_LINES
        from convcut_mm.apis.outputs.window import check_display
        from convcut_mm.apis.progress_bar import with_progress
        from convcut_mm.apis.run import Run
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
    run = Run(
        out,
        inferencer,
        sources,
        options_of(args),
        pictures=not args.no_pictures,
        every=args.every,
        resume=args.resume,
    )
    options = InputOptions(args.rotate, args.max_value, args.every, args.seconds)
    with_images = args.show or not args.no_pictures
    results = inferencer.results(run.left(), options, args.batch_size, with_images)
    results = with_progress(results, run.left(), options)
    run.write(results, inferencer.show if args.show else None)
    say(run.summary.line())
    say(f'{out}: {", ".join([JSON_LINES, CSV, *run.files()])}')
    sys.exit(run.summary.status())


def options_of(args: argparse.Namespace) -> dict[str, object]:
    """Return the options that a resumed run must share with the interrupted one."""
    options = {name: value for name, value in vars(args).items() if name not in NO_OPTIONS}
    if args.detector_model is not None:
        options['detector_model'] = file_sha256(args.detector_model)
    return options


if __name__ == '__main__':
    run_tool(main)
