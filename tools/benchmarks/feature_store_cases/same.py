"""Same result: views, losses and predictions with and without a float32 store.

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
    """Adds this case's options."""
    parser.add_argument('--fit', type=int, default=160, help='training images')


def run(args: argparse.Namespace) -> dict:
    """Trains both ways and compares."""
    config = common.write_config(
        args.out / 'same.py',
        args.data,
        fit=args.fit,
        holdout=32,
        test=64,
        epochs=EPOCHS,
        draws=True,
    )
    sides = {}
    for name, options in (
        ('images', []),
        (
            'store',
            [
                '--cache-features',
                args.out / 'store',
                '--cfg-options',
                'feature_store.dtype=float32',
            ],
        ),
    ):
        common.train(config, args.out / name, *options)
        found, _, _ = common.scores(config, args.out / name, f'epoch_{EPOCHS}.pth')
        sides[name] = common.iterations(args.out / name), found
    (plain, plain_scores), (stored, stored_scores) = sides['images'], sides['store']
    for key in ('images', 'flips', 'labels'):
        if [line[key] for line in plain] != [line[key] for line in stored]:
            raise ConvcutError(f'the {key} of the two sides differ')
    flips = sum(sum(line['flips']) for line in plain)
    seen = sum(len(line['flips']) for line in plain)
    print(f'{seen} draws in {EPOCHS} epochs, {flips} mirrored: the same images, views and order')
    losses = [np.array([line['loss'] for line in side]) for side in (plain, stored)]
    apart = np.abs(losses[0] - losses[1]) / np.abs(losses[0])
    first = apart[: len(apart) // EPOCHS]
    print(
        f'losses, largest relative difference: first epoch {first.max():.1e}, '
        f'all epochs {apart.max():.1e}'
    )
    top = np.sort(plain_scores, axis=1)
    clear = top[:, -1] - top[:, -2] > TIE
    other = (plain_scores.argmax(1) != stored_scores.argmax(1)) & clear
    largest = float(np.abs(plain_scores - stored_scores).max())
    print(
        f'test: {other.sum()} of {len(other)} answers differ outside of ties; '
        f'probabilities by {largest:.1e} at most'
    )
    if first.max() > FIRST or apart.max() > ALL or other.any():
        raise ConvcutError('the two sides differ')
    return dict(
        draws=seen,
        mirrored=flips,
        first_epoch=float(first.max()),
        all_epochs=float(apart.max()),
        answers_apart=int(other.sum()),
        probability=largest,
    )
