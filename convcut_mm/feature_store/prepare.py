"""From loaders of images to loaders of stored features: check, hash, compute, verify."""

import json
from collections.abc import Sequence
from logging import Logger
from pathlib import Path

import torch
from mmengine.dist import barrier, get_dist_info
from mmpretrain.models import ImageClassifier
from torch.utils.data import DataLoader

from ..models.utils.cpu import CPU_SLICE
from .builder import build
from .computer import FeatureComputer
from .disk import check_room
from .feature_input import check_model
from .fingerprint import identity
from .index import StoreIndex
from .loader import MappedRows, ResidentRows, StoredViews, stored_loader
from .manifest import entry_folder, new_manifest, row_bytes
from .options import StoreOptions
from .store import StoreEntry
from .upkeep import remove_damaged, report_changes, report_nearest
from .views import Views
from .wanted import LoaderRows, WantedRow, rows_of_loader

# fraction of a GPU's free memory that the features may take; the rest is for the training
_GPU_FRACTION = 0.6
_GPU_BATCH = 64


def stored_loaders(
    model: ImageClassifier,
    loaders: dict[str, DataLoader],
    options: StoreOptions,
    logger: Logger,
) -> dict[str, DataLoader]:
    """Compute missing features and return loaders of features in the place of images.

    Args:
        model: A classifier that still takes images.
        loaders: Loaders of images by name.
        options: Settings.
        logger: Takes what is done.

    Returns:
        Loaders of features by the same names.

    Raises:
        ConvcutError: The backbone is not frozen, a transform is random, the disk has too little
            room, or an image is damaged.
    """
    check_model(model)
    shared = identity(model.backbone, model.data_preprocessor, [], options.dtype, options.compute)
    wanted = {name: rows_of_loader(loader, name) for name, loader in loaders.items()}
    by_pipeline: dict[str, list[LoaderRows]] = {}  # loaders of one pipeline use one entry
    for one in wanted.values():
        by_pipeline.setdefault(_pipeline_key(one.views), []).append(one)
    device = torch.device(model.data_preprocessor.device)
    workers = max(loader.num_workers for loader in loaders.values())
    computer = _computer(model, options, device, workers)
    stored = {}
    was_training = model.training
    model.eval()
    try:
        for key, group in by_pipeline.items():
            rows = [row for one in group for row in one.rows]
            complete_identity = {**shared, 'pipeline': group[0].views.pipeline()}
            stored[key] = _fill(complete_identity, rows, computer, options, logger)
    finally:
        model.train(was_training)
    return {
        name: _loader(one, *stored[_pipeline_key(one.views)], options, device)
        for name, one in wanted.items()
    }


def _pipeline_key(views: Views) -> str:
    return json.dumps(views.pipeline(), sort_keys=True)


def _computer(
    model: ImageClassifier, options: StoreOptions, device: torch.device, workers: int
) -> FeatureComputer:
    on_cpu = device.type == 'cpu'
    batch_size = options.batch_size
    if not isinstance(batch_size, int):  # 'auto'
        batch_size = CPU_SLICE if on_cpu else _GPU_BATCH
    threads = torch.get_num_threads() if on_cpu else workers
    return FeatureComputer(model, options.dtype, options.compute, batch_size, threads)


def _fill(
    identity: dict,
    wanted: Sequence[WantedRow],
    computer: FeatureComputer,
    options: StoreOptions,
    logger: Logger,
) -> tuple[StoreEntry, StoreIndex]:
    """Open an entry, remove damaged shards and compute missing rows."""
    rank, world_size = get_dist_info()
    manifest = new_manifest(identity, computer.row_shape(wanted[0]))
    folder = entry_folder(options.dir, manifest)
    if rank == 0 and not (folder / 'manifest.json').exists():
        _create(manifest, wanted, computer, options, logger)
    barrier()
    entry = StoreEntry(folder)
    entry.use()
    remove_damaged(entry, logger, rank, world_size)
    index = entry.index()
    if rank == 0:
        report_changes(entry, index, wanted, logger)
    barrier()  # nobody computes before that: a new row would seem an old one
    index = build(entry, wanted, computer, logger, rank, world_size, index)
    entry.touch()
    logger.info(f'Feature store: {_count(wanted)} views in {entry.folder}')
    return entry, index


def _count(wanted: Sequence[WantedRow]) -> int:
    return len({one.key for one in wanted})


def _create(
    manifest: dict,
    wanted: Sequence[WantedRow],
    computer: FeatureComputer,
    options: StoreOptions,
    logger: Logger,
) -> None:
    """Create an entry, unless the disk can't hold it."""
    Path(options.dir).mkdir(parents=True, exist_ok=True)
    report_nearest(manifest, options.dir, logger)
    check_room(options.dir, _count(wanted) * row_bytes(manifest['shape'], computer.dtype))
    StoreEntry.open_or_create(options.dir, manifest)


def _loader(
    wanted: LoaderRows,
    entry: StoreEntry,
    index: StoreIndex,
    options: StoreOptions,
    device: torch.device,
) -> DataLoader:
    mapped = MappedRows(entry, (index[one.key][:2] for one in wanted.rows))
    resident = _is_resident(options, len(mapped) * entry.row_bytes, device)
    rows = ResidentRows(mapped, device) if resident else mapped
    names = wanted.views.names
    positions = {view: range(number, len(rows), len(names)) for number, view in enumerate(names)}
    tuples = {id(meta): _with_tuples(meta) for meta in index.metas}  # few, shared by many images
    metas = [tuples[id(index[one.key][2])] for one in wanted.rows[:: len(names)]]
    dataset = StoredViews(wanted.dataset, wanted.views, rows, positions, metas)
    return stored_loader(wanted.loader, dataset)


def _is_resident(options: StoreOptions, needed: int, device: torch.device) -> bool:
    if isinstance(options.resident, bool):
        return options.resident
    return device.type == 'cuda' and needed < _GPU_FRACTION * torch.cuda.mem_get_info(device)[0]


def _with_tuples(meta: dict) -> dict:
    """Turn the lists of JSON back into the pipeline's tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in meta.items()}
