"""Batches of stored features: the images' batches, in the same order, with the same labels."""

import copy
import csv
import pickle
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate
from torch.utils.data import DataLoader, Sampler

from convcut_mm.datasets import RAFDB, ClassBalancedSampler, FERPlus
from convcut_mm.engine import EpochSeedHook
from convcut_mm.feature_store import entries
from convcut_mm.feature_store import loader as loader_module
from convcut_mm.feature_store.loader import MappedRows, ResidentRows
from convcut_mm.utils.hashing import file_sha256


@pytest.fixture(scope='module')
def votes(tmp_path_factory, write_noise) -> Path:
    """Ten training images that six of ten taggers call neutral."""
    root = tmp_path_factory.mktemp('ferplus')
    folder = root / 'FER2013Train'
    for number in range(10):
        write_noise(folder / f'fer{number:07d}.png', number)
    with open(folder / 'label.csv', 'w', newline='') as file:
        for number in range(10):
            row = [f'fer{number:07d}.png', '(0, 0, 48, 48)', 6, 4, *[0] * 8]
            csv.writer(file).writerow(row)
    return root


def same_samples(ours: list, real: list) -> None:
    assert len(ours) == len(real)
    for one, other in zip(ours, real):
        assert one.metainfo == other.metainfo
        assert one.keys() == other.keys()
        assert all(torch.equal(one.get(key), other.get(key)) for key in other.keys())


@torch.no_grad()
def of_images(model, batch: dict) -> torch.Tensor:
    """Return the features of an uncached batch."""
    return model.backbone(model.data_preprocessor(batch)['inputs'])[0]


def compare(model, loader, ours, epochs) -> set:
    """Compare both loaders; return the flips that were sampled."""
    flips = set()
    for seed, epoch in epochs:
        loader.dataset.set_epoch(seed, epoch)
        loader.sampler.set_epoch(epoch)
        assert len(ours) == len(loader)
        batches = list(ours)
        assert len(batches) == len(loader)
        for batch, real in zip(batches, loader):
            same_samples(batch['data_samples'], real['data_samples'])
            torch.testing.assert_close(
                batch['inputs'], of_images(model, real), rtol=1e-5, atol=1e-5
            )
            flips |= {one.metainfo.get('flip') for one in real['data_samples']}
    return flips


@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(shuffle=True),
        dict(shuffle=True, drop_last=True, batch_size=5),
        dict(shuffle=True, collate_fn=default_collate),
        dict(shuffle=True, num_workers=2, persistent_workers=True),
    ],
    ids=['in order', 'shuffled', 'drop last', 'mmpretrain', 'workers'],
)
def test_batches_are_those_of_the_images(model, train_set, make_loader, stored, options):
    loader = make_loader(train_set, **options)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    flips = compare(model, loader, ours, [(0, 0), (0, 1), (3, 1)])
    assert flips == {False, True}


@pytest.mark.parametrize('options', [dict(), dict(num_workers=2, persistent_workers=True)])
def test_copies_of_an_image_are_sampled_as_without_a_store(model, train_set, stored, options):
    # fourteen times seven samples of one class, so each image comes about fourteen times
    sampler = ClassBalancedSampler(train_set, seed=0)
    sampler.total_size = sampler.num_samples = 98
    loader = DataLoader(train_set, 5, sampler=sampler, collate_fn=pseudo_collate, **options)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    compare(model, loader, ours, [(0, 0), (0, 1), (1, 0)])
    views = {(one.sample_idx, one.flip) for batch in ours for one in batch['data_samples']}
    assert len(views) > 20  # nearly every image both ways


def test_order_follows_seed_and_epoch_hashed_together(model, train_set, make_loader, stored):
    """With and without a store, and on resume, when the sampler was built with another seed."""
    loader = make_loader(train_set, shuffle=True)
    ours = stored(model, dict(train_dataloader=loader))['train_dataloader']
    hook, orders = EpochSeedHook(), {}
    for seed, epoch in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        for one in (loader, ours):
            loader.sampler.seed = 4711
            loader.sampler.set_epoch(epoch)
            hook.before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch, train_dataloader=one))
            order = [idx for batch in one.batch_sampler for idx in batch]
            assert orders.setdefault((seed, epoch), order) == order
    assert len(set(map(tuple, orders.values()))) == 4


@pytest.mark.parametrize('ahead', [1, 2])
def test_sampling_ahead_in_parts(model, train_set, make_loader, stored, monkeypatch, ahead):
    monkeypatch.setattr(loader_module, 'AHEAD', ahead)
    loader = make_loader(train_set, shuffle=True, batch_size=3)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    assert compare(model, loader, ours, [(0, 0), (0, 1), (3, 1)]) == {False, True}


def test_samples_of_an_interrupted_epoch_are_not_used(model, train_set, make_loader, stored):
    loader = make_loader(train_set, batch_size=3)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    train_set.set_epoch(0, 0)
    first = next(iter(ours))
    epochs = []
    for epoch in range(1, 6):
        train_set.set_epoch(0, epoch)
        # the samples ahead of the interrupted epoch begin with these images
        batch = ours.dataset.__getitems__([3, 4, 5])
        same_samples(batch['data_samples'], [train_set[idx]['data_samples'] for idx in (3, 4, 5)])
        epochs.append([bool(one.flip) for one in batch['data_samples']])
    assert len(first['data_samples']) == 3
    assert any(flips != epochs[0] for flips in epochs)


@pytest.mark.parametrize(
    'settings',
    [
        dict(flip=1.0),
        dict(flip=0.0),
        dict(flip=0.8, direction=['horizontal', 'vertical', 'diagonal']),
    ],
)
def test_other_flips(model, faces, pipeline, make_loader, stored, settings):
    loader = make_loader(RAFDB(str(faces), pipeline=pipeline(**settings)), shuffle=True)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    compare(model, loader, ours, [(0, 0), (0, 1)])


def test_flip_before_resize(model, faces, pipeline, make_loader, stored):
    settings = pipeline()
    settings[1], settings[2] = settings[2], settings[1]
    loader = make_loader(RAFDB(str(faces), pipeline=settings), shuffle=True)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    assert compare(model, loader, ours, [(0, 0), (0, 1)]) == {False, True}


def test_each_image_has_its_own_shapes(model, faces, pipeline, make_loader, stored, write_noise):
    for number, path in enumerate(sorted((faces / 'train').rglob('*.png'))):
        write_noise(path, number, (20 + number, 40 - number))
    loader = make_loader(RAFDB(str(faces), pipeline=pipeline()), shuffle=True)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    compare(model, loader, ours, [(0, 0)])


def test_val_images_are_as_they_are(model, test_set, make_loader, stored):
    loader = make_loader(test_set)
    ours = stored(model, dict(val_dataloader=loader), dtype='float32')['val_dataloader']
    assert compare(model, loader, ours, [(0, 0)]) == {None}
    assert ours.dataset.metainfo == test_set.metainfo


@pytest.mark.parametrize('dtype', ['float32', 'float16', 'bfloat16'])
def test_inputs_are_stored_rows_of_the_sampled_view(
    model, train_set, make_loader, stored, store, dtype
):
    loader = make_loader(train_set, shuffle=True)
    ours = stored(model, dict(train_dataloader=loader), dtype=dtype)['train_dataloader']
    train_set.set_epoch(0, 0)
    (entry,) = entries(store)[0]
    index = entry.index()
    for batch in ours:
        assert batch['inputs'].dtype == getattr(torch, dtype)
        assert batch['inputs'].shape[1:] == (24, 2, 2)
        assert batch['inputs'].is_contiguous(memory_format=torch.channels_last)
        for row, sample in zip(batch['inputs'], batch['data_samples']):
            view = sample.flip_direction or 'plain'
            shard, number, _ = index[file_sha256(sample.img_path), view]
            bits = row.permute(1, 2, 0).contiguous().view(torch.uint8).numpy().tobytes()
            assert bits == entry.mapped(shard)[number].tobytes()


def test_sampled_labels_are_those_of_the_uncached_run(model, votes, pipeline, make_loader, stored):
    """The label is sampled before the view, from the same generator."""
    dataset = FERPlus(str(votes), rule='probability', num_classes=7, pipeline=pipeline())
    loader = make_loader(dataset, shuffle=True)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    assert compare(model, loader, ours, [(0, epoch) for epoch in range(5)]) == {False, True}
    labels = {int(one.gt_label) for batch in ours for one in batch['data_samples']}
    assert len(labels) > 1


def test_soft_labels_arrive(model, votes, pipeline, make_loader, stored):
    dataset = FERPlus(str(votes), rule='crossentropy', num_classes=7, pipeline=pipeline())
    loader = make_loader(dataset)
    ours = stored(model, dict(train_dataloader=loader), dtype='float32')['train_dataloader']
    compare(model, loader, ours, [(0, 0)])
    assert next(iter(ours))['data_samples'][0].gt_score[0] == pytest.approx(0.6)


def test_resident_rows_are_the_mapped_ones(model, train_set, make_loader, stored):
    loader = make_loader(train_set, shuffle=True)
    mapped, resident = (
        stored(model, dict(train_dataloader=loader), resident=where)['train_dataloader']
        for where in (False, True)
    )
    assert isinstance(mapped.dataset.rows, MappedRows)
    assert isinstance(resident.dataset.rows, ResidentRows)
    assert len(mapped.dataset.rows) == len(resident.dataset.rows) == 28
    train_set.set_epoch(0, 2)
    for one, other in zip(mapped, resident, strict=True):
        assert torch.equal(one['inputs'], other['inputs'])
        assert one['inputs'].stride() == other['inputs'].stride()
        same_samples(one['data_samples'], other['data_samples'])


def test_global_generators_are_untouched(model, train_set, make_loader, stored):
    loader = make_loader(train_set)
    ours = stored(model, dict(train_dataloader=loader))['train_dataloader']
    train_set.set_epoch(0, 0)

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    ours.dataset.__getitems__([0, 3, 5])
    assert states() == before


def test_dropout_is_the_same_without_a_store(model, train_set, make_loader, stored):
    """Starting an epoch takes as many numbers from torch's generator as before."""
    loader = make_loader(train_set, shuffle=True)
    ours = stored(model, dict(train_dataloader=loader))['train_dataloader']
    train_set.set_epoch(0, 0)
    after = []
    for one in (loader, ours):
        torch.manual_seed(5)
        list(one)
        after.append(torch.rand(()).item())
    assert after[0] == after[1]


class InPairs(Sampler):
    """A batch sampler written by a user."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self):
        return iter([[idx, self.count - 1 - idx] for idx in range(self.count // 2)])

    def __len__(self) -> int:
        return self.count // 2


def test_own_batch_sampler_is_kept(model, train_set, stored):
    loader = DataLoader(train_set, batch_sampler=InPairs(14), collate_fn=lambda batch: batch)
    ours = stored(model, dict(train_dataloader=loader))['train_dataloader']
    numbers = [[one.sample_idx for one in batch['data_samples']] for batch in ours]
    assert numbers == list(InPairs(14)) and len(ours) == 7


def test_attributes_are_those_of_the_data_set(model, train_set, make_loader, stored):
    loader = make_loader(train_set)
    ours = stored(model, dict(train_dataloader=loader))['train_dataloader'].dataset
    assert len(ours) == 14 and ours.metainfo == train_set.metainfo
    assert ours.get_gt_labels().tolist() == train_set.get_gt_labels().tolist()
    ours.set_epoch(4, 9)
    assert train_set.epoch_seed.key == (4, 9)
    for again in (copy.copy(ours), pickle.loads(pickle.dumps(ours))):
        assert torch.equal(again.__getitems__([3])['inputs'], ours.__getitems__([3])['inputs'])
    with pytest.raises(AttributeError, match='nothing'):
        ours.nothing  # noqa: B018
