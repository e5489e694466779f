"""The rows that a loader wants: one per view of each image of its data set."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from torch.utils.data import DataLoader

from ..datasets import FERDataset
from ..datasets.utils.decoding import run_pipeline
from ..errors import ConvcutError
from ..utils.hashing import file_sha256
from .image_hashes import hash_images
from .row import StoredRow
from .views import Views, check_dataset


@dataclass(frozen=True)
class Source:
    """Where wanted rows come from.

    Attributes:
        dataset: The data set.
        views: Its pipeline, taken apart.
    """

    dataset: FERDataset
    views: Views


@dataclass(frozen=True, slots=True)
class WantedRow:
    """A view of an image; only what finds it is held, for there are hundreds of thousands.

    Attributes:
        sha256: Hash of the image file's contents.
        view: Name of the view in the store.
        source: Data set and pipeline.
        idx: Number of the image in the data set.
        shown: Name of the view in the pipeline.
    """

    sha256: str
    view: str
    source: Source
    idx: int
    shown: str

    @property
    def key(self) -> tuple[str, str]:
        """Contents and view, by which a row is found."""
        return self.sha256, self.view

    @property
    def path(self) -> str:
        """Path of the image file."""
        return self.source.dataset.get_data_info(self.idx)['img_path']

    @property
    def file(self) -> str:
        """Path of the image file, below the data set's folder if it is there."""
        return _relative(self.path, self.source.dataset.data_root)

    @property
    def row(self) -> StoredRow:
        """The row, without what the pipeline notes about the image."""
        return StoredRow(self.sha256, self.view, self.file, Path(self.path).stat().st_size)

    def load(self) -> dict:
        """Return the packed sample that the row is computed from.

        Raises:
            ConvcutError: The image is damaged, or is not the one that was hashed.
        """
        item = self.source.dataset.get_data_info(self.idx)
        sample = run_pipeline(item, partial(self.source.views.image, view=self.shown))
        if file_sha256(item['img_path']) != self.sha256:
            raise ConvcutError(
                f'{item["img_path"]}: was replaced while features were computed; start again'
            )
        return sample


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
    source = Source(dataset, views)
    names = [(view, views.stored_name(view)) for view in views.names]
    rows = [
        WantedRow(sha256, stored, source, idx, view)
        for idx, sha256 in enumerate(hash_images(paths, loader.num_workers))
        for view, stored in names
    ]
    return LoaderRows(loader, dataset, views, rows)


def _relative(path: str, root: str) -> str:
    try:
        return str(Path(path).relative_to(root))
    except ValueError:
        return path
