"""Memory: peak anonymous memory of a training from a store of 5 GB or more, against images.

Rows as large as Base's (14 x 14 x 512, float32) from a backbone of few blocks, so that the store
is full within minutes. Anonymous memory (RssAnon) is what can't be given back: the mapped store
is page cache. Summed over the training's processes, sampled ten times a second.
"""

import argparse
import shutil
import time
from pathlib import Path

from convcut_mm.errors import ConvcutError

from . import common

BACKBONE = (
    'dict(arch=dict(_delete_=True, depths=[1, 1, 1, 1], channels=[64, 128, 512, 1024]), '
    'init_cfg=None)'
)
ROW = 14 * 14 * 512 * 4


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds this case's options."""
    parser.add_argument('--gigabytes', type=float, default=5.2, help='size of the store')


def run(args: argparse.Namespace) -> dict:
    """Trains an epoch from images, then two from a store, and compares the peaks."""
    fit = int(args.gigabytes * 1e9 / ROW / 2)
    config = common.write_config(
        args.out / 'memory.py',
        args.data,
        fit=fit,
        holdout=64,
        test=16,
        epochs=2,
        backbone=BACKBONE,
    )
    store = args.out / 'store'
    shutil.rmtree(store, ignore_errors=True)
    peaks = {
        'images': _peak(args.out / 'images', config, '--cfg-options', 'train_cfg.max_epochs=1'),
        'store': _peak(
            args.out / 'store_run',
            config,
            '--cache-features',
            store,
            '--cfg-options',
            'feature_store.dtype=float32',
        ),
    }
    size = common.store_bytes(store)
    shutil.rmtree(store)
    print(f'{fit} training images, store of {size / 1e9:.2f} GB')
    for name, (all_processes, largest) in peaks.items():
        print(
            f'{name}: peak anonymous memory {all_processes / 1e6:.0f} MB in all processes, '
            f'{largest / 1e6:.0f} MB in the largest'
        )
    if peaks['store'][0] > peaks['images'][0]:
        raise ConvcutError('the training from the store took more memory than that from images')
    return dict(store=size, peaks=peaks)


def _peak(work_dir: Path, config: Path, *options) -> tuple:
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    sums, largest = 0, 0
    with open(work_dir / 'output.txt', 'w') as output:
        process = common.start(
            common.TRAIN, config, '--work-dir', work_dir, *options, output=output
        )
        while process.poll() is None:
            sizes = [_anonymous(pid) for pid in _tree(process.pid)]
            sums, largest = max(sums, sum(sizes)), max(largest, *sizes)
            time.sleep(0.1)
    if process.returncode:
        raise ConvcutError(f'{work_dir / "output.txt"}: the training failed')
    return sums, largest


def _tree(root: int) -> list:
    """The process and its descendants."""
    parents = {}
    for path in Path('/proc').glob('[0-9]*/stat'):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(')', 1)[1].split()[1])
        except OSError:
            continue  # it has just ended
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _anonymous(pid: int) -> int:
    try:
        status = Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith('RssAnon'):
            return int(line.split()[1]) * 1024
    return 0
