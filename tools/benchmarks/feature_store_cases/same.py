"""Same result: images, flips, losses and predictions with and without a float32 store.

Base scale at 224 pixels, the paper's recipe, five epochs, the same seed on both sides.
"""

import argparse

import numpy as np

from convcut_mm.errors import ConvcutError

from . import common

EPOCHS = 5
FIRST, ALL = 1e-4, 1e-2  # relative difference of the losses: first epoch, five epochs
TIE = 1e-3  # of probability


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this case's options."""
    parser.add_argument('--fit', type=int, default=160, help='training images')


def run(args: argparse.Namespace) -> dict:
    """Train both ways and compare."""
    sizes = dict(fit=args.fit, holdout=32, test=64, epochs=EPOCHS)
    config = common.write_config(args.out / 'same.py', data=args.data, **sizes, **common.BASE)
    dtype = ['--cfg-options', 'feature_store.dtype=float32']
    lines, probabilities = {}, {}
    for name, options in (
        ('images', []),
        ('store', ['--cache-features', args.out / 'store', *dtype]),
    ):
        common.train(config, args.out / name, *options)
        predictions, _ = common.test(config, args.out / name)
        lines[name] = common.read_lines(args.out / name / 'iterations.jsonl')
        probabilities[name] = predictions.probabilities
    for key in ('images', 'flips'):
        if any(one[key] != other[key] for one, other in zip(*lines.values(), strict=True)):
            raise ConvcutError(f'the {key} of the two sides differ')
    flips = np.concatenate([line['flips'] for line in lines['images']])
    print(f'{len(flips)} views, {flips.sum()} mirrored: the same images, views and order')
    images, store = (np.array([line['loss'] for line in side]) for side in lines.values())
    apart = np.abs(images - store) / np.abs(images)
    first = apart[: len(apart) // EPOCHS].max()
    images, store = probabilities.values()
    top = np.sort(images, axis=1)
    clear = top[:, -1] - top[:, -2] > TIE
    other = (images.argmax(1) != store.argmax(1)) & clear
    largest = float(np.abs(images - store).max())
    print(
        f'losses, largest relative difference: first epoch {first:.1e}, all {apart.max():.1e}\n'
        f'test: {other.sum()} of {len(other)} predicted labels differ outside of ties; '
        f'probabilities by {largest:.1e} at most'
    )
    if first > FIRST or apart.max() > ALL or other.any():
        raise ConvcutError('the two sides differ')
    return dict(
        views=len(flips),
        mirrored=int(flips.sum()),
        first_epoch=float(first),
        all_epochs=float(apart.max()),
        labels_apart=int(other.sum()),
        probability=largest,
    )
