"""Plot the weights of Conv-cut's self-attention.

    python tools/visualization/vis_attention.py CONFIG CHECKPOINT
    python tools/visualization/vis_attention.py CONFIG CHECKPOINT --images A.png B.png

The plot depends on what the head attends over:

- 'spatial': the attention that each position receives, averaged over queries, over each face.
- 'channel': the matrix of attention between the channels of each face, strongest first.
- 'batch': the matrix of attention between the images of one class-ordered batch (--per-class, by
  default 8). A block for each class means that images learn their class from their neighbours.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from convcut import run_tool, start_up
from convcut_mm.cli.figure_options import (
    add_device,
    add_faces,
    announce,
    new_parser,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convcut_mm.apis.classifier import Classifier, LabelledImage

BATCH_PER_CLASS = 8


def main() -> None:
    parser = new_parser(__doc__, 'attention')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    add_device(parser)
    add_faces(parser, per_class=None)
    args = parser.parse_args()
    with start_up():
        from convcut_mm.apis.load_classifier import load_classifier
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization import attention, attention_figure
        from convcut_mm.visualization.sampling import choose_images
    classifier = load_classifier(
        args.config, args.checkpoint, cfg_options=args.cfg_options, device=args.device
    )
    over = attention.attention_over(classifier)
    per_class = args.per_class or (BATCH_PER_CLASS if over == 'batch' else 1)
    images = choose_images(classifier, per_class, args.seed, args.images)
    if over == 'spatial':
        figure = attention_figure.plot_position_attention(classifier, images)
    elif over == 'channel':
        print(
            'attention="channel": channels attend, not positions; plotting their matrix',
            file=sys.stderr,
        )
        figure = attention_figure.plot_channel_attention(classifier, images)
    else:
        figure = batch_figure(classifier, images)
    announce(save(figure, args.out))


def batch_figure(classifier: Classifier, images: list[LabelledImage]) -> Figure:
    """Plot the matrix of a batch, and print where its attention goes."""
    from convcut_mm.visualization import attention, attention_figure

    images = attention.class_ordered(images)
    labels = np.array([image.label for image in images])
    weights = attention.batch_attention(classifier, [image.path for image in images])
    itself, others, rest = attention.attention_fractions(weights, labels)
    print(
        f'attention="batch": in a class-ordered batch of {len(labels)} an image attends '
        f'{100 * itself:.1f} % to itself, {100 * others:.1f} % to others of its class and '
        f'{100 * rest:.1f} % to other classes'
    )
    return attention_figure.plot_batch_attention(weights, labels, classifier.classes)


if __name__ == '__main__':
    run_tool(main)
