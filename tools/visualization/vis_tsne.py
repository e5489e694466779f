"""Plot t-SNEs of the features of up to four models side by side (Figure 4 of the paper).

    python tools/visualization/vis_tsne.py --model Conv-cut CONFIG CHECKPOINT
    python tools/visualization/vis_tsne.py --model baseline CONFIG CHECKPOINT \\
        --model truncated CONFIG CHECKPOINT --model Conv-cut CONFIG CHECKPOINT
    python tools/visualization/vis_tsne.py --model Conv-cut CONFIG CHECKPOINT --stage backbone

All models are shown the same images, sampled from the first model's test set. The tool also prints
how well the features themselves separate the classes, because distances in a t-SNE mislead: the
accuracy of predicting each image's class from its nearest neighbours, and the silhouette.
"""

from functools import partial

import numpy as np

from convcut import run_tool, start_up
from convcut_mm.cli.figure_options import (
    add_models,
    announce,
    load_models,
    new_parser,
    one_for_each,
    positive,
)
from convcut_mm.cli.parser import not_negative
from convcut_mm.errors import ConvcutError


def main() -> None:
    parser = new_parser(__doc__, 'tsne')
    add_models(parser)
    parser.add_argument(
        '--stage',
        nargs='+',
        choices=['pre_logits', 'neck', 'backbone'],
        default=['pre_logits'],
        help='features to plot, one for all models or one for each: the vector that the head '
        'classifies (the default), or the pooled map after neck or backbone',
    )
    parser.add_argument(
        '--per-class', type=positive, default=100, help='images a class (default: %(default)s)'
    )
    parser.add_argument(
        '--perplexity', type=float, default=30, help="t-SNE's perplexity (default: %(default)s)"
    )
    parser.add_argument(
        '--iterations', type=int, default=1000, help='steps of t-SNE (default: %(default)s)'
    )
    parser.add_argument(
        '--seed',
        type=not_negative,
        default=0,
        help='seed of images and t-SNE (default: %(default)s)',
    )
    args = parser.parse_args()
    with start_up():
        from convcut_mm.evaluation import evaluate, interval_text
        from convcut_mm.utils.plotting import save
        from convcut_mm.visualization.features import extract_features
        from convcut_mm.visualization.sampling import sample_per_class
        from convcut_mm.visualization.tsne import embed, plot_tsne
    if args.iterations < 250:  # scikit-learn's limit, checked before the features are computed
        raise ConvcutError(f'--iterations {args.iterations}: expected at least 250')
    if args.perplexity < 1:
        raise ConvcutError(f'--perplexity {args.perplexity:g}: expected at least 1')
    models = load_models(args)
    stages = one_for_each(args.stage, models, '--stage')
    images = models[0].test_images
    all_labels = np.array([image.label for image in images])
    chosen = sample_per_class(all_labels, args.per_class, args.seed)
    paths = [images[index].path for index in chosen]
    labels = all_labels[chosen]
    layout = partial(
        embed,
        labels=labels,
        seed=args.seed,
        perplexity=args.perplexity,
        iterations=args.iterations,
    )
    embeddings = []
    for model, stage in zip(models, stages):
        embedding = layout(model.name, extract_features(model, paths, stage))
        accuracy = evaluate(labels, embedding.pred_labels, len(models[0].classes)).overall_accuracy
        print(
            f'{model.name}, {stage}: {embedding.neighbours}-neighbour accuracy '
            f'{accuracy.value:.1f} % (95 % interval {interval_text(accuracy.interval)}), '
            f'silhouette {embedding.silhouette:.3f}, {len(labels)} images'
        )
        embeddings.append(embedding)
    announce(save(plot_tsne(embeddings, labels, models[0].classes), args.out))


if __name__ == '__main__':
    run_tool(main)
