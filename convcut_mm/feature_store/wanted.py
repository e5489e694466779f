"""The rows that a loader wants: one per view of each image of its data set."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader

from ..datasets import FERDataset
from ..datasets.utils.decoding import run_pipeline
from ..errors import ConvcutError
from ..utils.hashing import file_sha256
from ..utils.progress import progress
from .row import StoredRow
from .views import Views, check_dataset

_FILES_WITHOUT_BAR = 5000


@dataclass(frozen=True)
class WantedRow:
    """A row, and ``load()`` to get the packed sample that it is computed from."""

    row: StoredRow
    load: Callable[[], dict]


@dataclass(frozen=True)
class LoaderRows:
    """All rows that one loader wants.

    Attributes:
        loader: The loader of images.
        dataset: Its data set.
        views: Its pipeline, taken apart.
        rows: The views of the first image, of the second, ...
    """

    loader: DataLoader
    dataset: FERDataset
    views: Views
    rows: list[WantedRow]


def rows_of_loader(loader: DataLoader, name: str) -> LoaderRows:
    """List the rows that a loader wants; hash its images for that.

    Raises:
        ConvcutError: See :func:`check_dataset`.
    """
    dataset = cast(FERDataset, loader.dataset)  # check_dataset refuses others
    views = check_dataset(dataset, name)
    paths = [dataset.get_data_info(idx)['img_path'] for idx in range(len(dataset))]
    rows = []
    for idx, (path, sha256) in enumerate(zip(paths, _hash_files(paths, loader.num_workers))):
        file, size = _relative(path, dataset.data_root), Path(path).stat().st_size
        for view in views.names:
            row = StoredRow(sha256, views.stored_name(view), file, size)
            rows.append(WantedRow(row, partial(_load, dataset, views, idx, view, sha256)))
    return LoaderRows(loader, dataset, views, rows)


def _hash_files(paths: Sequence[str], threads: int) -> list[str]:
    shown = len(paths) > _FILES_WITHOUT_BAR and get_dist_info()[0] == 0
    hashes = []
    with (
        ThreadPoolExecutor(max(1, threads)) as pool,
        progress('Hashing images', len(paths), shown=shown) as step,
    ):
        for sha256 in pool.map(file_sha256, paths):
            hashes.append(sha256)
            step()
    return hashes


def _load(dataset: FERDataset, views: Views, idx: int, view: str, sha256: str) -> dict:
    item = dataset.get_data_info(idx)
    sample = run_pipeline(item, partial(views.image, view=view))
    if file_sha256(item['img_path']) != sha256:
        raise ConvcutError(
            f'{item["img_path"]}: was replaced while features were computed; start again'
        )
    return sample


def _relative(path: str, root: str) -> str:
    try:
        return str(Path(path).relative_to(root))
    except ValueError:
        return path
