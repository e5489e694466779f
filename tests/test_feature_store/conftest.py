"""A tiny model, small faces of noise in RAF-DB's folders, a process that holds a shard's lock."""

import gc
import hashlib
import logging
import multiprocessing
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS, TRANSFORMS
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

import convcut_mm  # noqa: F401
from convcut_mm.datasets import RAFDB
from convcut_mm.feature_store import StoreOptions, stored_loaders
from convcut_mm.feature_store.manifest import new_manifest
from convcut_mm.feature_store.store import StoreEntry
from convcut_mm.feature_store.wanted import Source, WantedRow
from convcut_mm.utils.hashing import file_sha256

CLASSES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')
LOGGER = logging.getLogger('test_feature_store')


@pytest.fixture(autouse=True, scope='module')
def surroundings():
    """Use mmpretrain's registries; make small tests quick."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two wait for each other with maps as small as these
    gc.freeze()  # each data set collects garbage among all that was imported
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield
    gc.unfreeze()
    torch.set_num_threads(threads)


@pytest.fixture(scope='session')
def write_noise():
    """Write a PNG of noise; all of one shape have the same number of bytes."""

    def write(path: Path, seed: int, shape: tuple = (20, 24)) -> None:
        pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, compress_level=0)

    return write


@pytest.fixture(scope='session')
def written_once(tmp_path_factory, write_noise) -> Path:
    root = tmp_path_factory.mktemp('faces')
    for number, name in enumerate(CLASSES):
        for copy in range(2):
            write_noise(root / 'train' / name / f'{name}{copy}.png', 10 * number + copy)
        write_noise(root / 'test' / name / f'{name}.png', 10 * number + 5)
    return root


@pytest.fixture
def faces(tmp_path, written_once) -> Path:
    """Two training images and a test image of each class, for the test to change."""
    return Path(shutil.copytree(written_once, tmp_path / 'faces'))


@pytest.fixture(scope='session')
def pipeline():
    """Settings of a pipeline: ``pipeline(flip=0.5, size=32)``."""

    def settings(flip=0.5, size=32, direction='horizontal', **resize) -> list:
        flips = [] if flip is None else [dict(type='RandomFlip', prob=flip, direction=direction)]
        return [
            dict(type='LoadImageFromFile', imdecode_backend='pillow'),
            dict(type='Resize', scale=(size, size), **resize),
            *flips,
            dict(type='PackInputs'),
        ]

    return settings


@pytest.fixture(scope='session')
def transforms():
    """Builds the transforms of a pipeline."""
    return lambda settings: [TRANSFORMS.build(one) for one in settings]


@pytest.fixture
def train_set(faces, pipeline) -> RAFDB:
    return RAFDB(str(faces), pipeline=pipeline())


@pytest.fixture
def test_set(faces, pipeline) -> RAFDB:
    return RAFDB(str(faces), split='test', pipeline=pipeline(flip=None), test_mode=True)


@pytest.fixture(scope='session')
def make_loader():
    """Make a loader as the runner does, but of the data set itself, which the runner copies."""

    def make(dataset, batch_size=4, shuffle=False, collate_fn=pseudo_collate, **options):
        sampler = DefaultSampler(dataset, shuffle=shuffle, seed=0)
        return DataLoader(dataset, batch_size, sampler=sampler, collate_fn=collate_fn, **options)

    return make


@pytest.fixture(scope='session')
def model_settings():
    """Settings of a model with maps of 2x2x24 for images of 32 pixels."""

    def settings(backbone=dict(), head=dict(), preprocessor=dict()) -> dict:
        return dict(
            type='ImageClassifier',
            backbone=dict(
                type='TruncatedConvNeXt',
                arch=dict(depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
                frozen=True,
                **backbone,
            ),
            neck=dict(
                type='DetailExtractionNeck',
                in_channels=24,
                out_channels=16,
                num_layers=1,
                kernel_sizes=(2,),
            ),
            head=dict(
                type='SelfAttentionClsHead',
                in_channels=16,
                **{
                    **dict(num_classes=7, loss=dict(type='CrossEntropyLoss', loss_weight=1.0)),
                    **head,
                },
            ),
            data_preprocessor={
                **dict(
                    type='ClsDataPreprocessor',
                    mean=[120.0, 110.0, 100.0],
                    std=[60.0, 50.0, 40.0],
                    to_rgb=True,
                ),
                **preprocessor,
            },
        )

    return settings


@pytest.fixture(scope='session')
def make_model(model_settings):
    """Build such a model, with the same weights each time, far from zero."""

    def make(**settings) -> nn.Module:
        model = MODELS.build(model_settings(**settings))
        torch.manual_seed(0)
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.2)
        return model

    return make


@pytest.fixture
def model(make_model) -> nn.Module:
    return make_model()


@pytest.fixture
def store(tmp_path) -> Path:
    """The folder of the stores that ``stored`` builds."""
    return tmp_path / 'store'


@pytest.fixture
def stored(store, caplog):
    """``stored_loaders``; ``caplog.messages`` are those of the last call."""

    def build(model, loaders: dict, **options) -> dict:
        caplog.clear()
        with caplog.at_level(logging.INFO, LOGGER.name):
            return stored_loaders(model, loaders, StoreOptions(str(store), **options), LOGGER)

    return build


@pytest.fixture(scope='session')
def logger():
    return LOGGER


@pytest.fixture(scope='session')
def wanted_of():
    """All rows of a data set, as ``wanted.py`` lists them."""

    def wanted(dataset, views) -> list:
        source = Source(dataset, views)
        hashes = [file_sha256(dataset.get_data_info(i)['img_path']) for i in range(len(dataset))]
        return [
            WantedRow(sha256, views.stored_name(view), source, idx, view)
            for idx, sha256 in enumerate(hashes)
            for view in views.names
        ]

    return wanted


@pytest.fixture(scope='session')
def open_store():
    """Open an entry below a folder, of a made-up backbone."""

    def make(root: Path, dtype='float16', shape=(2, 2, 24), weights='a') -> StoreEntry:
        identity = dict(
            backbone=dict(type='some.module.Net', settings={}),
            structure='',
            weights=weights,
            preprocessor={},
            pipeline=[],
            compute='float32',
            dtype=dtype,
        )
        return StoreEntry.open_or_create(root, new_manifest(identity, shape))

    return make


@pytest.fixture
def entry(tmp_path, open_store) -> StoreEntry:
    """An empty entry in the test's own folder, with rows of (2, 3, 4) in float16."""
    return open_store(tmp_path, shape=(2, 3, 4))


@pytest.fixture(scope='session')
def contents():
    """Return {file: digest} of a store's shards."""

    def look(folder: Path) -> dict:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob('*'))
            if path.is_file() and path.name not in ('lock', 'manifest.json')
        }

    return look


def _hold(folder: Path, shard: str, answer) -> None:
    with StoreEntry(folder).locked(shard) as mine:
        answer.put(mine)
        time.sleep(60)


def _use(folder: Path, answer) -> None:
    entry = StoreEntry(folder)
    entry.use()
    answer.put(True)
    time.sleep(60)


@pytest.fixture
def holders():
    """Start processes that put an answer into their last argument; return both."""
    context = multiprocessing.get_context('fork')
    processes = []

    def start(target, *args) -> tuple:
        answer = context.SimpleQueue()
        process = context.Process(target=target, args=(*args, answer), daemon=True)
        process.start()
        processes.append(process)
        return process, answer.get()

    yield start
    for process in processes:
        process.kill()
        process.join()


@pytest.fixture
def hold(holders):
    """Start a process that asks for a shard's lock and keeps it; return it and its answer."""
    return lambda folder, shard: holders(_hold, folder, shard)


@pytest.fixture
def use(holders):
    """Start a process that uses an entry, and return it."""
    return lambda folder: holders(_use, folder)[0]
