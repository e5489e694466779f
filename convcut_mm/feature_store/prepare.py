"""From loaders of images to loaders of stored features: checks, hashes, builds, verifies."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from mmengine.dist import barrier, get_dist_info
from torch import nn
from torch.utils.data import DataLoader

from ..datasets import FERDataset
from ..datasets.utils.decoding import run_pipeline
from ..errors import ConvcutError
from ..models.utils.cpu import CPU_SLICE
from ..utils.hashing import file_sha256
from ..utils.progress import progress
from .builder import FeatureComputer, Wanted, build
from .disk import check_room
from .feature_input import check_model
from .fingerprint import identity
from .loader import MappedRows, ResidentRows, StoredViews, stored_loader
from .manifest import entry_folder, new_manifest, row_bytes
from .options import StoreOptions
from .row import Row
from .store import StoreEntry
from .upkeep import remove_damaged, say_nearest, say_what_changed
from .views import Views

# share of a GPU's free memory that the features may take: the rest is the training's
_GPU_SHARE = 0.6
_FILES_WITHOUT_BAR = 5000
_GPU_BATCH = 64


def check_dataset(dataset, where: str) -> Views:
    """Takes the data set's pipeline apart.

    Args:
        dataset (FERDataset): The data set.
        where (str): Name of its loader, for messages.

    Raises:
        ConvcutError: A data set whose draws can't be repeated, or a random transform.
    """
    if not isinstance(dataset, FERDataset):
        raise ConvcutError(
            f'{where}: the feature store knows no data set of type {type(dataset).__name__}, '
            'only those derived from FERDataset, whose draws can be repeated'
        )
    views = Views(list(dataset.pipeline.transforms), where)
    if dataset.test_mode and len(views.names) > 1:
        raise ConvcutError(
            f'{where}: RandomFlip in the pipeline of a data set with test_mode=True'
        )
    return views


@dataclass
class _Part:
    """What one loader wants of the store."""

    loader: DataLoader
    views: Views
    identity: dict
    wanted: list  # of Wanted: the views of the first image, of the second, ...


def stored_loaders(model: nn.Module, loaders: dict, options: StoreOptions, logger) -> dict:
    """Builds what is missing and returns loaders of features.

    Args:
        model (nn.Module): An ``ImageClassifier`` that still takes images.
        loaders (dict): Loaders of images by name.
        options (StoreOptions): Settings.
        logger: Where to say what is done.

    Returns:
        dict: Loaders of features by the same names.

    Raises:
        ConvcutError: A trained backbone, a random transform, too little room, a broken image.
    """
    check_model(model)
    shared = identity(model.backbone, model.data_preprocessor, [], options.dtype, options.compute)
    parts = {name: _part(loader, name, shared) for name, loader in loaders.items()}
    by_identity: dict = {}
    for part in parts.values():
        by_identity.setdefault(_text(part), []).append(part)
    device = torch.device(model.data_preprocessor.device)
    batch_size = options.batch_size
    if batch_size == 'auto':
        batch_size = CPU_SLICE if device.type == 'cpu' else _GPU_BATCH
    workers = max(loader.num_workers for loader in loaders.values())
    threads = torch.get_num_threads() if device.type == 'cpu' else workers
    was_training = model.training
    model.eval()
    computer = FeatureComputer(model, options.dtype, options.compute, batch_size, threads)
    try:
        stored = {
            text: _fill(some, computer, options, logger) for text, some in by_identity.items()
        }
        index = {text: entry.index() for text, entry in stored.items()}
    finally:
        model.train(was_training)
    return {
        name: _loader(part, stored[_text(part)], index[_text(part)], options, device)
        for name, part in parts.items()
    }


def _text(part: _Part) -> str:
    return json.dumps(part.identity, sort_keys=True)


def _part(loader: DataLoader, name: str, shared: dict) -> _Part:
    """What a loader wants; ``shared`` is the identity that all have but for the pipeline."""
    dataset = loader.dataset
    views = check_dataset(dataset, name)
    paths = [dataset.get_data_info(idx)['img_path'] for idx in range(len(dataset))]
    wanted = []
    for idx, (path, size, sha256) in enumerate(_hashed(paths, loader.num_workers)):
        for view in views.names:
            row = Row(sha256, views.describe(view), _short(path, dataset.data_root), size)
            wanted.append(Wanted(row, partial(_load, dataset, views, idx, view, sha256)))
    return _Part(loader, views, {**shared, 'pipeline': views.pipeline()}, wanted)


def _hashed(paths: Sequence[str], threads: int) -> list:
    def look(path: str) -> tuple:
        return path, Path(path).stat().st_size, file_sha256(path)

    shown = len(paths) > _FILES_WITHOUT_BAR and get_dist_info()[0] == 0
    with (
        ThreadPoolExecutor(max(1, threads)) as pool,
        progress('Hashing images', len(paths), shown=shown) as step,
    ):
        hashed = []
        for one in pool.map(look, paths):
            hashed.append(one)
            step()
    return hashed


def _load(dataset: FERDataset, views: Views, idx: int, view: str, sha256: str) -> dict:
    item = dataset.get_data_info(idx)
    sample = run_pipeline(item, partial(views.image, view=view))
    if file_sha256(item['img_path']) != sha256:
        raise ConvcutError(
            f'{item["img_path"]}: was replaced while features were computed; start again'
        )
    return sample


def _short(path: str, root: str) -> str:
    try:
        return str(Path(path).relative_to(root))
    except ValueError:
        return path


def _fill(parts: list, computer: FeatureComputer, options: StoreOptions, logger) -> StoreEntry:
    """Opens the entry of these parts, removes damaged shards, computes what is missing."""
    rank, world_size = get_dist_info()
    wanted = [one for part in parts for one in part.wanted]
    manifest = new_manifest(parts[0].identity, computer.row_shape(wanted[0]))
    folder = entry_folder(options.dir, manifest)
    if rank == 0 and not (folder / 'manifest.json').exists():
        _create(manifest, wanted, computer, options, logger)
    barrier()
    entry = StoreEntry(folder)
    entry.use()
    remove_damaged(entry, logger, rank, world_size)
    if rank == 0:
        say_what_changed(entry, wanted, logger)
    barrier()  # nobody computes before that: a new row would seem an old one
    build(entry, wanted, computer, logger, rank, world_size)
    entry.touch()
    logger.info(f'Feature store: {len({one.row.key for one in wanted})} views in {entry.folder}')
    return entry


def _create(
    manifest: dict, wanted: list, computer: FeatureComputer, options: StoreOptions, logger
) -> None:
    """Makes the entry, unless the disk can't hold it."""
    Path(options.dir).mkdir(parents=True, exist_ok=True)
    say_nearest(manifest, options.dir, logger)
    views = len({one.row.key for one in wanted})
    check_room(options.dir, views * row_bytes(manifest['shape'], computer.dtype))
    StoreEntry.open_or_create(options.dir, manifest)


def _loader(
    part: _Part, entry: StoreEntry, index: dict, options: StoreOptions, device: torch.device
) -> DataLoader:
    places = [index[one.row.key] for one in part.wanted]
    rows = MappedRows(entry, [(shard, number) for shard, number, _ in places])
    if _resident(options, len(rows) * entry.row_bytes, device):
        rows = ResidentRows(rows, device)
    names = part.views.names
    positions = {view: range(number, len(places), len(names)) for number, view in enumerate(names)}
    metas = [_tuples(meta) for _, _, meta in places[:: len(names)]]
    dataset = StoredViews(part.loader.dataset, part.views, rows, positions, metas)
    return stored_loader(part.loader, dataset)


def _resident(options: StoreOptions, needed: int, device: torch.device) -> bool:
    if options.resident != 'auto':
        return options.resident
    return device.type == 'cuda' and needed < _GPU_SHARE * torch.cuda.mem_get_info(device)[0]


def _tuples(meta: dict) -> dict:
    """JSON has lists where the pipeline has tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in meta.items()}
