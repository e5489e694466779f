"""Rates of rows of Conv-cut's size, 14x14x512 numbers in float16: written, verified, gathered."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from convcut_mm.feature_store import StoreEntry
from convcut_mm.feature_store.loader import MappedRows
from convcut_mm.feature_store.manifest import new_manifest
from convcut_mm.feature_store.row import StoredRow
from convcut_mm.feature_store.shard import shard_name
from convcut_mm.utils.progress import progress

from .scale_forks import forget_files

SHAPE = (14, 14, 512)
_BATCH = 64


def large_rows(root: Path, count: int) -> dict[str, float]:
    """Write so many rows and read them in random order; return gigabytes a second of each step."""
    shutil.rmtree(root, ignore_errors=True)
    entry = StoreEntry.open_or_create(root, new_manifest(_identity(), SHAPE))
    rng = np.random.default_rng(0)
    rows = [StoredRow(f'{number:064x}', 'plain', f'{number}', 0) for number in range(count)]
    size = entry.rows_per_shard
    parts = [rows[start : start + size] for start in range(0, count, size)]
    seconds: dict[str, float] = {}
    with progress('Writing large rows', count, 'rows') as step:
        begun = time.monotonic()
        for part in parts:
            features = torch.from_numpy(rng.standard_normal((1, *SHAPE), np.float32)).half()
            entry.write_shard(shard_name(part), _batches(part, features))
            step(len(part))
        seconds['write, checksum and sync'] = time.monotonic() - begun
    shards = entry.shards()
    forget_files(root.rglob('*.*'))
    order = rng.permutation(count)
    for state in ('from disk', 'from the page cache'):
        places = entry.index()
        mapped = MappedRows(entry, (places[row.key][:2] for row in rows))
        begun = time.monotonic()
        for start in range(0, count, _BATCH):
            mapped.gather(order[start : start + _BATCH].tolist())
        seconds[f'gather in random order {state}'] = time.monotonic() - begun
    begun = time.monotonic()
    damaged = [shard for shard in shards if entry.damage(shard)]
    seconds['verify from the page cache'] = time.monotonic() - begun
    assert not damaged, damaged
    del mapped
    forget_files(root.rglob('*.*'))
    begun = time.monotonic()
    damaged = [shard for shard in shards if entry.damage(shard)]
    seconds['verify from disk'] = time.monotonic() - begun
    shutil.rmtree(root)
    size = count * entry.row_bytes
    return {what: size / taken / 1e9 for what, taken in seconds.items()}


def _batches(
    rows: list[StoredRow], features: torch.Tensor
) -> Iterator[tuple[list[StoredRow], torch.Tensor]]:
    for start in range(0, len(rows), 4):
        part = rows[start : start + 4]
        yield part, features.expand(len(part), *SHAPE)


def _identity() -> dict:
    return dict(
        backbone=dict(type='benchmark.Rows', settings={}),
        structure='',
        weights='',
        preprocessor={},
        pipeline=[],
        compute='float32',
        dtype='float16',
    )
