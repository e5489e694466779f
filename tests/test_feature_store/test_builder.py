"""Rows equal a plain forward pass; an interrupted build continues to the same bytes."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from PIL import Image

from convcut_mm.datasets import RAFDB
from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import StoreEntry
from convcut_mm.feature_store import store as store_module
from convcut_mm.feature_store.builder import build, plan_shards
from convcut_mm.feature_store.computer import FeatureComputer
from convcut_mm.feature_store.loader import MappedRows
from convcut_mm.feature_store.shard import shard_name
from convcut_mm.feature_store.views import Views


@pytest.fixture
def wanted(train_set, wanted_of) -> list:
    return wanted_of(train_set, Views(list(train_set.pipeline.transforms), 'train_dataloader'))


@pytest.fixture
def computer(model) -> FeatureComputer:
    return FeatureComputer(model.eval(), 'float16', 'float32', 5, 2)


@pytest.fixture
def open_entry(tmp_path, open_store):
    return lambda name='store', dtype='float16': open_store(tmp_path / name, dtype)


@pytest.fixture
def small_shards(monkeypatch):
    """28 views make seven shards."""
    monkeypatch.setattr(store_module, 'SHARD_ROWS', 4)


def with_load(one, load) -> SimpleNamespace:
    """A wanted row that is computed from something else."""
    row = one.row
    return SimpleNamespace(
        sha256=one.sha256, view=one.view, key=one.key, file=row.file, row=row, load=load
    )


def stored_rows(entry: StoreEntry, wanted: list) -> torch.Tensor:
    index = entry.index()
    return MappedRows(entry, [index[one.row.key][:2] for one in wanted]).gather(range(len(wanted)))


@torch.no_grad()
def by_hand(model, path: str, mirrored: bool) -> torch.Tensor:
    """Compute the (H, W, C) of an image without any of the program's transforms."""
    image = cv2_resized(path)
    image = image[:, ::-1] if mirrored else image
    pixels = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)
    mean, std = torch.tensor([120.0, 110, 100]), torch.tensor([60.0, 50, 40])
    pixels = (pixels - mean[:, None, None]) / std[:, None, None]
    return model.backbone(pixels[None])[0][0].permute(1, 2, 0)


def cv2_resized(path: str) -> np.ndarray:
    return cv2.resize(np.asarray(Image.open(path)), (32, 32), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize(
    'dtype, tolerance', [('float32', 0), ('float16', 2e-3), ('bfloat16', 0.02)]
)
def test_rows_are_those_of_a_forward_pass(
    model, train_set, wanted, open_entry, logger, dtype, tolerance
):
    entry = open_entry(dtype=dtype)
    build(entry, wanted, FeatureComputer(model.eval(), dtype, 'float32', 5, 2), logger)
    rows = stored_rows(entry, wanted)
    assert rows.shape == (28, 2, 2, 24) and rows.dtype == getattr(torch, dtype)
    expected = torch.stack(
        [
            by_hand(model, train_set.get_data_info(idx)['img_path'], mirrored)
            for idx in range(14)
            for mirrored in (False, True)
        ]
    )
    assert expected.std() > 0.1
    torch.testing.assert_close(rows.float(), expected, rtol=tolerance, atol=tolerance + 1e-5)
    assert (rows[::2] != rows[1::2]).flatten(1).any(dim=1).all()


def test_bfloat16_forward_is_near(model, wanted, open_entry, logger):
    one, other = open_entry('one', 'float32'), open_entry('other', 'float32')
    for entry, compute in ((one, 'float32'), (other, 'bfloat16')):
        build(entry, wanted, FeatureComputer(model.eval(), 'float32', compute, 5, 2), logger)
    exact, near = stored_rows(one, wanted), stored_rows(other, wanted)
    assert not torch.equal(exact, near)
    assert (exact - near).abs().max() < 0.1 * exact.abs().max()


def test_row_shape(computer, wanted):
    assert computer.row_shape(wanted[0]) == (2, 2, 24)


def test_rows_keep_the_pipelines_notes(computer, wanted, open_entry, logger):
    entry = open_entry()
    build(entry, wanted, computer, logger)
    meta = dict(img_shape=[32, 32], ori_shape=[20, 24], scale_factor=[32 / 24, 32 / 20])
    assert all(found == meta for _, _, found in entry.index().values())
    rows = {row.key: row for _, _, row in entry.rows()}
    assert all(
        (rows[one.row.key].file, rows[one.row.key].size) == (one.row.file, one.row.size)
        for one in wanted
    )


def test_same_bytes_whatever_the_threads(model, wanted, open_entry, logger, contents):
    for threads in (1, 4):
        entry = open_entry(f'threads{threads}')
        build(
            entry, wanted, FeatureComputer(model.eval(), 'float16', 'float32', 5, threads), logger
        )
    one, other = (contents(open_entry(name).folder) for name in ('threads1', 'threads4'))
    assert one == other != {}


def test_a_second_build_computes_nothing(computer, wanted, open_entry, logger):
    entry = open_entry()
    build(entry, wanted, computer, logger)

    def never():
        raise AssertionError('computed again')

    build(entry, [with_load(one, never) for one in wanted], computer, logger)


def test_equal_images_are_computed_once(computer, wanted, open_entry):
    entry = open_entry()
    doubled = [*wanted, *(replace(one, idx=0) for one in wanted)]
    assert sum(map(len, plan_shards(entry, doubled, entry.index()))) == len(wanted)


def test_interrupted_build_continues_to_the_same_bytes(
    computer, wanted, train_set, open_entry, logger, contents, small_shards
):
    whole = open_entry('whole')
    build(whole, wanted, computer, logger)
    entry = open_entry('interrupted')
    names = [shard_name(part) for part in plan_shards(entry, wanted, entry.index())]
    assert len(names) == 7 and sorted(names) == whole.shards()

    path = Path(train_set.get_data_info(7)['img_path'])  # its views are in the fourth shard
    content = path.read_bytes()
    path.write_bytes(content[:200])
    with pytest.raises(ConvcutError, match=f'{path.name}: not a whole image file'):
        build(entry, wanted, computer, logger)
    assert entry.shards() == sorted(names[:3])
    assert not list(entry.folder.glob('*.convcut-tmp'))
    left = [shard_name(part) for part in plan_shards(entry, wanted, entry.index())]
    assert left == names[3:]

    path.write_bytes(content)
    kept = contents(entry.folder)
    times = {name: (entry.folder / name).stat().st_mtime_ns for name in kept}
    build(StoreEntry(entry.folder), wanted, computer, logger)
    assert contents(entry.folder) == contents(whole.folder)
    assert {name: (entry.folder / name).stat().st_mtime_ns for name in kept} == times


@pytest.mark.parametrize('rank', [0, 1, 2])
def test_each_process_can_do_all_of_it(
    computer, wanted, open_entry, logger, contents, small_shards, rank
):
    """The others may have been killed; the files don't depend on the writer."""
    alone, entry = open_entry('alone'), open_entry('one of three')
    build(alone, wanted, computer, logger)
    build(entry, wanted, computer, logger, rank, 3)
    assert contents(entry.folder) == contents(alone.folder)


def test_waits_for_a_shard_that_another_process_computes(
    computer, wanted, open_entry, logger, contents, small_shards, hold
):
    alone, entry = open_entry('alone'), open_entry('shared')
    build(alone, wanted, computer, logger)
    names = [shard_name(part) for part in plan_shards(entry, wanted, entry.index())]
    process, held = hold(entry.folder, names[2])
    assert held
    threading.Timer(0.7, process.kill).start()
    start = time.monotonic()
    build(entry, wanted, computer, logger)
    assert time.monotonic() - start >= 0.6
    assert contents(entry.folder) == contents(alone.folder)


def test_leftovers_are_removed(computer, wanted, open_entry, logger, contents):
    alone, entry = open_entry('alone'), open_entry('killed')
    build(alone, wanted, computer, logger)
    shard = alone.shards()[0]
    for name in (shard, '0123456789abcdef'):  # of a build that wanted other rows
        for file in (f'.{name}.json.9.0.convcut-tmp', f'{name}.bin'):
            (entry.folder / file).write_bytes(b'half')
    build(entry, wanted, computer, logger)
    assert contents(entry.folder) == contents(alone.folder)


@torch.no_grad()
def test_numbers_too_large_for_float16_are_refused(model, wanted, open_entry, logger):
    model.backbone.downsample_layers[2][1].weight.mul_(1e7)
    entry = open_entry()
    with pytest.raises(ConvcutError, match='not finite') as error:
        build(entry, wanted, FeatureComputer(model.eval(), 'float16', 'float32', 5, 2), logger)
    text = str(error.value)
    assert text.startswith(f'{wanted[0].row.file}: a feature is not finite as float16')
    assert 'bfloat16' in text and '\n' not in text
    assert entry.shards() == [] and not list(entry.folder.glob('*.convcut-tmp'))
    other = open_entry('larger', 'bfloat16')
    build(other, wanted, FeatureComputer(model.eval(), 'bfloat16', 'float32', 5, 2), logger)
    assert stored_rows(other, wanted).isfinite().all()


def test_the_image_of_a_bad_feature_is_named(computer, wanted, open_entry, logger):
    def load(number: int) -> dict:
        sample = wanted[number].load()
        sample['inputs'] = sample['inputs'].float()
        sample['inputs'][0, 0, 0] = float('inf') if number == 13 else 0
        return sample

    changed = [
        with_load(one, lambda number=number: load(number)) for number, one in enumerate(wanted)
    ]
    with pytest.raises(ConvcutError, match=f'^{wanted[13].row.file}: a feature is not finite'):
        build(open_entry(), changed, computer, logger)


def test_backbones_with_several_outputs_are_refused(wanted, model_settings):
    settings = model_settings()
    settings['backbone'] = dict(type='ConvNeXt', arch='atto', out_indices=(2, 3))
    built = MODELS.build(settings).eval()
    with pytest.raises(ConvcutError, match='one map .* ConvNeXt does not; .*out_indices'):
        FeatureComputer(built, 'float16', 'float32', 5, 2).row_shape(wanted[0])


@pytest.mark.parametrize('batch_size', [1, 5])
def test_images_of_different_shapes_are_refused(
    faces, write_noise, wanted_of, model, open_store, tmp_path, logger, batch_size
):
    """Without a Resize to one shape: a row of 3x2 cells must not be read as one of 2x3."""
    for number, path in enumerate(sorted((faces / 'train').rglob('*.png'))):
        write_noise(path, number, (48, 32) if path.name == 'neutral1.png' else (32, 48))
    pipeline = [dict(type='LoadImageFromFile', imdecode_backend='pillow'), dict(type='PackInputs')]
    dataset = RAFDB(str(faces), pipeline=pipeline)
    wanted = wanted_of(dataset, Views(list(dataset.pipeline.transforms), 'train_dataloader'))
    computer = FeatureComputer(model.eval(), 'float16', 'float32', batch_size, 1)
    shape = computer.row_shape(wanted[0])
    assert shape == (2, 3, 24)
    entry = open_store(tmp_path / 'store', shape=shape)
    with pytest.raises(ConvcutError, match='neutral1.png'):
        build(entry, wanted, computer, logger)
