"""The whole job: building the store, 50 epochs with validation, final test; against images.

Base scale (the released cut) at 224 pixels, the paper's recipe, on real images in RAF-DB's
proportions. The side with a store runs all of its 50 epochs; the side with images runs two, the
released program (Keras) two on the first of the same images, both are extrapolated linearly.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

from convcut_mm.errors import ConvcutError

from . import common
from .common import EPOCHS, RAFDB

SHORT = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds this case's options."""
    parser.add_argument('--fit', type=int, default=1160, help='training images')
    parser.add_argument(
        '--released',
        nargs=2,
        metavar=('PYTHON', 'SCRIPT'),
        help='time the released program too: a Python with TensorFlow, and released_keras.py',
    )
    parser.add_argument(
        '--released-fit', type=int, default=320, help='training images of that side'
    )


def run(args: argparse.Namespace) -> dict:
    """Runs all sides and prints how they compare."""
    sizes = _sizes(args.fit)
    figures = dict(sizes=sizes)
    config = common.write_config(args.out / 'job.py', args.data, **sizes)
    short = common.write_config(args.out / 'short.py', args.data, epochs=SHORT, **sizes)
    print(f'{sizes["fit"]} images to fit, {sizes["holdout"]} held out, {sizes["test"]} to test on')

    figures['images'] = _job(short, args.out / 'images', SHORT)
    _show('images', figures['images'], sizes)
    for compute, dtype in (('float32', 'float32'), ('bfloat16', 'float16')):
        store = args.out / f'store_{compute}'
        shutil.rmtree(store, ignore_errors=True)
        name = f'store, forward in {compute}'
        figures[name] = _job(
            config,
            args.out / compute,
            EPOCHS,
            '--cache-features',
            store,
            '--cfg-options',
            f'feature_store.dtype={dtype}',
            f'feature_store.compute={compute}',
        )
        figures[name]['bytes'] = common.store_bytes(store)
        _show(name, figures[name], sizes)
        shutil.rmtree(store)
    if args.released:
        figures['released'] = _released(args)
    _compare(figures, sizes)
    return figures


def _sizes(fit: int) -> dict:
    return {part: round(fit * count / RAFDB['fit']) for part, count in RAFDB.items()}


def _job(config: Path, work_dir: Path, epochs: int, *options) -> dict:
    parts = common.train(config, work_dir, *options)
    amp = ['--amp'] if 'feature_store.compute=bfloat16' in options else []
    _, _, test = common.scores(config, work_dir, f'epoch_{epochs}.pth', *amp)
    steps = [line['step'] for line in common.iterations(work_dir)]
    return dict(parts, test=test, arithmetic=sum(steps) / sum(parts['train']))


def _show(name: str, side: dict, sizes: dict) -> None:
    train, val = np.median(side['train']), np.median(side['val'])
    rate = sizes['fit'] / train
    print(
        f'{name}: ready after {side["ready"]:.1f} s, an epoch {train:.2f} s ({rate:.1f} images/s, '
        f'{100 * side["arithmetic"]:.0f} % of it train steps), validation {val:.2f} s, '
        f'train.py {side["whole"]:.1f} s, test.py {side["test"]:.1f} s'
        + (f', store {side["bytes"] / 1e9:.2f} GB' if 'bytes' in side else ''),
        flush=True,
    )


def _released(args: argparse.Namespace) -> dict:
    """Times the released program in its own Python."""
    python, script = args.released
    sizes = _sizes(args.released_fit)
    side = Path(__file__).with_name('released_side.py')
    done = subprocess.run(
        [python, side, script, args.data / 'FER2013Train', *map(str, sizes.values()), str(SHORT)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ConvcutError(f'{python} {side}: {done.stderr[-600:]}')
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f'released program, {sizes["fit"]} images: an epoch with validation '
        f'{np.median(found["epochs"]):.1f} s, {1000 * _released_image(found):.0f} ms an image',
        flush=True,
    )
    return found


def _released_image(found: dict) -> float:
    sizes = found['sizes']
    return float(np.median(found['epochs'])) / (sizes['fit'] + sizes['holdout'])


def _compare(figures: dict, sizes: dict) -> None:
    """Prints ratios for the measured sizes and for RAF-DB's."""
    images = figures['images']
    epoch = np.median(images['train']) + np.median(images['val'])
    started = images['whole'] - sum(images['train']) - sum(images['val'])
    without = started + EPOCHS * epoch + images['test']
    forwards = EPOCHS * (sizes['fit'] + sizes['holdout']) + sizes['test']
    bound = forwards / (2 * sizes['fit'] + sizes['holdout'] + sizes['test'])
    print(
        f'\nwhole job with images: {without:.0f} s, extrapolated linearly from {SHORT} epochs to '
        f'{EPOCHS}; backbone forwards allow a ratio of {bound:.1f}'
    )
    figures['bound'], figures['seconds_with_images'] = bound, without
    for name, side in figures.items():
        if not name.startswith('store'):
            continue
        with_store = side['whole'] + side['test']
        ratio = without / with_store
        text = f'{name}: {with_store:.0f} s, measured'
        if name.endswith('float32'):
            text += f', {ratio:.1f} times faster, {100 * ratio / bound:.0f} % of the bound'
        if 'released' in figures:
            theirs = figures['released']
            each = _released_image(theirs)
            whole = forwards * each
            at_rafdb = _at_rafdb(side, sizes)
            rafdb_forwards = EPOCHS * (RAFDB['fit'] + RAFDB['holdout']) + RAFDB['test']
            side['times_released'] = whole / with_store
            side['times_released_rafdb'] = rafdb_forwards * each / at_rafdb
            text += (
                f'; released program {whole:.0f} s, extrapolated linearly: '
                f'{side["times_released"]:.0f} times; extrapolated to the sizes of RAF-DB '
                f'{at_rafdb:.0f} s against {rafdb_forwards * each:.0f} s: '
                f'{side["times_released_rafdb"]:.0f} times'
            )
        side['seconds'], side['ratio'] = with_store, ratio
        print(text)


def _at_rafdb(side: dict, sizes: dict) -> float:
    """Seconds of the whole job with a store, parts scaled by the images that they go over."""
    scale = RAFDB['fit'] / sizes['fit']
    over_images = side['ready'] + sum(side['train']) + sum(side['val'])
    # the rest of train.py, start and checkpoints, stays; test.py is scaled as a whole
    return scale * (over_images + side['test']) + side['whole'] - over_images
