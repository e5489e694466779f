"""Accuracy with a float16 store, and with a forward pass in bfloat16, over several seeds.

The backbone is that of the convcut-atto_ferplus which comes with the package, frozen; neck and
head are fitted on all of FER2013Train but a tenth, and tested on FER2013Valid (majority rule).
"""

import argparse

import numpy as np

from convcut_mm import zoo

from . import common


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds this case's options."""
    parser.add_argument(
        '--checkpoint',
        default=zoo.weights('convcut-atto_ferplus'),
        help='of convcut-atto_ferplus (default: the one that comes with the package)',
    )
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--seeds', type=int, default=3)


def run(args: argparse.Namespace) -> dict:
    """Trains with images, and from stores of three kinds, for each seed."""
    backbone = (
        "dict(arch='atto', stem_patch_size=2, layer_scale_init_value=1.0, init_cfg=dict("
        f"type='Pretrained', checkpoint='{args.checkpoint}', prefix='backbone.'))"
    )
    config = common.write_config(
        args.out / 'accuracy.py',
        args.data,
        side=48,
        epochs=args.epochs,
        backbone=backbone,
        channels=160,
        extra="model['neck'].update(num_layers=1, kernel_sizes=(3,))\n"
        "train_dataloader['batch_size'] = 32",
    )
    sides = {
        'images': [],
        'float32': ['feature_store.dtype=float32'],
        'float16': ['feature_store.dtype=float16'],
        'float16, forward in bfloat16': [
            'feature_store.dtype=float16',
            'feature_store.compute=bfloat16',
        ],
    }
    found: dict = {name: [] for name in sides}
    for seed in range(args.seeds):
        for name, options in sides.items():
            store = ['--cache-features', args.out / 'store'] if options else []
            folder = args.out / f'{name.replace(", ", "_").replace(" ", "-")}_{seed}'
            common.train(
                config, folder, *store, '--cfg-options', f'randomness.seed={seed}', *options
            )
            answers, labels, _ = common.scores(config, folder, f'epoch_{args.epochs}.pth')
            found[name].append(100 * float((answers.argmax(1) == labels).mean()))
            print(f'seed {seed}, {name}: {found[name][-1]:.2f} %', flush=True)
    print(f'\nFER2013Valid, {len(labels)} images, {args.epochs} epochs, {args.seeds} seeds')
    for name, values in found.items():
        apart = np.array(values) - np.array(found['images'])
        print(
            f'{name:30s} {np.mean(values):.2f} +- {np.std(values, ddof=1):.2f} %, '
            f'from images {apart.mean():+.2f} points (each seed {np.round(apart, 2).tolist()})'
        )
    return found
