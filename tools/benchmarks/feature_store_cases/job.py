"""The whole job: building the store, 50 epochs with validation, final test; against images.

Base scale (the released cut) at 224 pixels, the paper's recipe, on real images in RAF-DB's
proportions. The side with a store runs all of its 50 epochs; the side with images runs two, which
are extrapolated linearly.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np

from . import common

# the fit, holdout and test images of RAF-DB, with a tenth of train held out
RAFDB = dict(fit=11044, holdout=1227, test=3068)
EPOCHS, SHORT = 50, 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this case's options."""
    parser.add_argument('--fit', type=int, default=1160, help='training images')


def run(args: argparse.Namespace) -> dict:
    """Run all sides and print how they compare."""
    sizes = {part: round(args.fit * count / RAFDB['fit']) for part, count in RAFDB.items()}
    settings = dict(data=args.data, **sizes, **common.BASE)
    config = common.write_config(args.out / 'job.py', epochs=EPOCHS, **settings)
    short = common.write_config(args.out / 'short.py', epochs=SHORT, **settings)
    fit, holdout, test = sizes.values()
    print(f'{fit} images to fit, {holdout} held out, {test} to test on')
    images = _job('images', short, args.out / 'images', fit)
    epochs = sum(images['train']) + sum(images['val'])
    without = images['whole'][0] + epochs * (EPOCHS / SHORT - 1) + images['test']
    bound = (EPOCHS * (fit + holdout) + test) / (2 * fit + holdout + test)
    print(
        f'whole job with images: {without:.0f} s, extrapolated linearly from {SHORT} epochs to '
        f'{EPOCHS}; counting backbone forwards alone, a float32 store can be {bound:.1f} times '
        'faster'
    )
    found = dict(sizes=sizes, bound=bound, seconds_with_images=without, images=images)
    for compute, dtype in (('float32', 'float32'), ('bfloat16', 'float16')):
        store = args.out / f'store_{compute}'
        shutil.rmtree(store, ignore_errors=True)
        options = [f'feature_store.dtype={dtype}', f'feature_store.compute={compute}']
        name = f'{dtype} store, forward in {compute}'
        side = _job(
            name, config, args.out / compute, fit, '--cache-features', store, '--cfg-options',
            *options, amp=compute == 'bfloat16',
        )  # fmt: skip
        seconds = side['whole'][0] + side['test']
        size = sum(path.stat().st_size for path in store.rglob('*') if path.is_file())
        print(
            f'{name}: {seconds:.0f} s, {without / seconds:.1f} times faster; {size / 1e9:.2f} GB'
        )
        found[name] = dict(side, seconds=seconds, bytes=size)
        shutil.rmtree(store)
    return found


def _job(name: str, config: Path, work_dir: Path, fit: int, *options, amp: bool = False) -> dict:
    parts: dict = common.train(config, work_dir, *options)
    _, parts['test'] = common.test(config, work_dir, *(['--amp'] if amp else []))
    epoch = np.median(parts['train'])
    print(
        f'{name}: ready after {parts["ready"][0]:.1f} s, an epoch {epoch:.2f} s '
        f'({fit / epoch:.1f} images/s), validation {np.median(parts["val"]):.2f} s, '
        f'train.py {parts["whole"][0]:.1f} s, test.py {parts["test"]:.1f} s',
        flush=True,
    )
    return parts
