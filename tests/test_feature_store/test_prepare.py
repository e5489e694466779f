"""From loaders to stored loaders: reuse what is there, compute and name what changed."""

import json
import logging
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmpretrain.datasets import CustomDataset

from convcut_mm.datasets import RAFDB
from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import StoreOptions, check_dataset, entries, image_hashes
from convcut_mm.feature_store import shard as shard_module
from convcut_mm.feature_store import store as store_module
from convcut_mm.utils.hashing import file_sha256


@pytest.fixture
def build(model, stored, train_set, test_set, make_loader):
    """Store both data sets, or those given."""

    def both(**changes):
        used = changes.pop('model', model)
        datasets = dict(train_dataloader=train_set, val_dataloader=test_set)
        datasets.update(changes.pop('datasets', {}))
        loaders = {name: make_loader(one) for name, one in datasets.items() if one is not None}
        return stored(used, loaders, **changes)

    return both


def computed(caplog) -> int:
    """Return how many views the last call logged as computed."""
    text = '\n'.join(caplog.messages)
    return sum(int(count) for count in re.findall(r'(\d+) views to compute', text))


def states(folder: Path) -> dict:
    """Return {file: (contents, time)} of all that is stored."""
    return {
        path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob('*')
        if path.is_file() and path.name not in ('lock', 'manifest.json')
    }


def views_in(store: Path, names) -> set:
    """Return the keys of the rows in those shards."""
    return {
        (row['sha256'], row['view'])
        for name in names
        if name.suffix == '.json'
        for row in json.loads((store / name).read_text())['rows']
    }


def test_everything_is_computed_once(build, caplog, store):
    loaders = build()
    assert list(loaders) == ['train_dataloader', 'val_dataloader']
    assert computed(caplog) == 14 * 2 + 7
    assert len(entries(store)[0]) == 1
    before = states(store)
    build()
    assert computed(caplog) == 0 and states(store) == before
    (line,) = caplog.messages
    assert '35 views in' in line


def test_an_opening_reads_each_file_a_fixed_number_of_times(build, monkeypatch):
    """Whatever the number of rows and shards: an image once, a list to check and to use it."""
    monkeypatch.setattr(store_module, 'SHARD_ROWS', 4)
    build()
    opened = Counter()
    for module, name in ((shard_module, 'read_list'), (store_module, 'read_list')):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *args, real=real: opened.update([args[1]]) or real(*args)
        )
    monkeypatch.setattr(
        image_hashes, 'file_sha256', lambda path: opened.update([path]) or file_sha256(path)
    )
    build()
    images = {name: count for name, count in opened.items() if name.endswith('.png')}
    lists = {name: count for name, count in opened.items() if name not in images}
    assert len(images) == 21 and set(images.values()) == {1}
    assert len(lists) == 9 and set(lists.values()) == {2}


def test_equal_notes_on_images_are_held_once(build):
    loader = build()['train_dataloader']
    assert len(loader.dataset.metas) == 14
    assert len({id(meta) for meta in loader.dataset.metas}) == 1


def test_manifest_says_what_the_features_depend_on(build, store, model, train_set):
    build()
    (entry,) = entries(store)[0]
    assert entry.manifest['format_version'] == 2
    assert entry.manifest['dtype'] == 'float16' and entry.manifest['compute'] == 'float32'
    assert entry.manifest['preprocessor']['mean'] == [120.0, 110.0, 100.0]
    assert [one['type'].rsplit('.')[-1] for one in entry.manifest['pipeline']] == [
        'LoadImageFromFile',
        'Resize',
    ]
    rows = {row.key: row for _, _, row in entry.rows()}
    for idx in range(len(train_set)):
        path = Path(train_set.get_data_info(idx)['img_path'])
        for view in ('plain', 'horizontal'):
            row = rows[file_sha256(path), view]
            assert row.file == str(path.relative_to(train_set.data_root))
            assert row.size == path.stat().st_size


def test_a_replaced_image_is_computed_and_named(build, caplog, store, faces, write_noise):
    build()
    before = states(store)
    path = faces / 'train' / 'fear' / 'fear1.png'
    size = path.stat().st_size
    write_noise(path, 1234)
    assert path.stat().st_size == size
    build()
    assert computed(caplog) == 2
    assert any('1 images' in text and 'train/fear/fear1.png' in text for text in caplog.messages)
    after = states(store)
    assert before.items() <= after.items()
    digest = file_sha256(path)
    new = after.keys() - before.keys()
    assert views_in(store, new) == {(digest, 'plain'), (digest, 'horizontal')}
    build()
    assert computed(caplog) == 0


def test_a_replaced_image_gets_its_own_features(build, faces, write_noise, train_set, make_model):
    build()
    write_noise(faces / 'train' / 'fear' / 'fear1.png', 1234)
    ours = build(dtype='float16')['train_dataloader'].dataset
    idx = next(i for i in range(14) if 'fear1' in train_set.get_data_info(i)['img_path'])
    train_set.set_epoch(0, 0)
    batch = dict(inputs=train_set[idx]['inputs'][None])
    model = make_model()
    with torch.no_grad():
        expected = model.backbone(model.data_preprocessor(batch)['inputs'])[0]
    found = ours.__getitems__([idx])['inputs'].float()
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-3)


def test_an_added_image_is_computed(build, caplog, store, faces, write_noise, pipeline):
    build()
    before = states(store)
    path = faces / 'train' / 'anger' / 'anger7.png'
    write_noise(path, 77)
    build(datasets=dict(train_dataloader=RAFDB(str(faces), pipeline=pipeline())))
    assert computed(caplog) == 2
    after = states(store)
    assert before.items() <= after.items()
    assert {sha256 for sha256, _ in views_in(store, after.keys() - before.keys())} == {
        file_sha256(path)
    }


def test_a_removed_image_costs_nothing(build, caplog, faces, pipeline):
    build()
    (faces / 'train' / 'anger' / 'anger1.png').unlink()
    loaders = build(datasets=dict(train_dataloader=RAFDB(str(faces), pipeline=pipeline())))
    assert computed(caplog) == 0 and len(loaders['train_dataloader'].dataset) == 13


def test_a_renamed_image_costs_nothing(build, caplog, faces, pipeline):
    build()
    path = faces / 'train' / 'anger' / 'anger1.png'
    path.rename(path.with_name('another.png'))
    build(datasets=dict(train_dataloader=RAFDB(str(faces), pipeline=pipeline())))
    assert computed(caplog) == 0


def test_a_flip_that_comes_later_adds_its_views(build, caplog, store, faces, pipeline):
    plain = RAFDB(str(faces), pipeline=pipeline(flip=None))
    build(datasets=dict(train_dataloader=plain))
    assert computed(caplog) == 21
    before = states(store)
    build()
    assert computed(caplog) == 14
    after = states(store)
    assert before.items() <= after.items()
    assert {view for _, view in views_in(store, after.keys() - before.keys())} == {'horizontal'}
    for flip in (0.1, 0.0, 1.0):
        other = RAFDB(str(faces), pipeline=pipeline(flip=flip))
        build(datasets=dict(train_dataloader=other))
        assert computed(caplog) == 0


def test_a_flip_before_the_resize_has_its_own_views(build, caplog, store, faces, pipeline):
    build()
    settings = pipeline()
    settings[1], settings[2] = settings[2], settings[1]
    build(datasets=dict(train_dataloader=RAFDB(str(faces), pipeline=settings)))
    assert computed(caplog) == 14 and len(entries(store)[0]) == 1


@torch.no_grad()
def test_other_weights_make_a_new_entry(build, caplog, store, make_model):
    build()
    before = states(store)
    other = make_model()
    other.backbone.stages[0][0].gamma[0] += 0.5
    build(model=other)
    assert computed(caplog) == 35 and len(entries(store)[0]) == 2
    assert any(text.endswith("differs in: backbone's weights") for text in caplog.messages)
    assert before.items() <= states(store).items()
    build()
    assert computed(caplog) == 0


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(dtype='float32'), 'dtype (float16 then, float32 now)'),
        (dict(compute='bfloat16'), 'forward pass (float32 then, bfloat16 now)'),
    ],
)
def test_other_number_formats_make_a_new_entry(build, caplog, store, settings, words):
    build(datasets=dict(train_dataloader=None))
    build(datasets=dict(train_dataloader=None), **settings)
    assert computed(caplog) == 7 and len(entries(store)[0]) == 2
    assert any(words in text for text in caplog.messages)


def test_the_nearest_entry_is_compared(build, caplog, make_model):
    only_val = dict(train_dataloader=None)
    build(datasets=only_val)
    changed = make_model(preprocessor=dict(mean=[0.0, 0.0, 0.0]))
    build(datasets=only_val, model=changed, dtype='float32')
    build(datasets=only_val, model=changed, dtype='bfloat16')
    (line,) = [text for text in caplog.messages if 'differs in' in text]
    assert line.endswith('differs in: dtype (float32 then, bfloat16 now)')


def damage_bin(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize(
    'suffix, harm',
    [
        ('.bin', damage_bin),
        ('.bin', lambda path: path.write_bytes(path.read_bytes()[:-7])),
        ('.bin', Path.unlink),
        ('.json', lambda path: path.write_text(path.read_text()[:-9])),
        ('.json', lambda path: path.write_text(path.read_text().replace('plain', 'horizontal'))),
    ],
    ids=['flipped', 'cut', 'gone', 'list cut', 'list edited'],
)
def test_a_damaged_shard_is_rebuilt_to_the_same_bytes(
    build, caplog, store, contents, suffix, harm
):
    build()
    before = contents(store)
    (name,) = [name for name in before if name.endswith(suffix)]
    harm(store / name)
    build()
    assert contents(store) == before and computed(caplog) == 35
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert Path(name).name in warning.getMessage() and 'again' in warning.getMessage()


def test_equal_images_share_their_views(build, caplog, store, faces, pipeline):
    """Two data sets with one pipeline, and a view is computed once."""
    build(datasets=dict(val_dataloader=None))
    assert computed(caplog) == 28
    tested = RAFDB(str(faces), pipeline=pipeline(flip=None), test_mode=True)
    build(datasets=dict(val_dataloader=tested))
    assert computed(caplog) == 0
    (entry,) = entries(store)[0]
    assert entry.summary()['views'] == len(list(entry.rows())) == 28


def test_equal_images_share_their_views_in_one_build(build, caplog, store, faces, pipeline):
    tested = RAFDB(str(faces), pipeline=pipeline(flip=None), test_mode=True)
    loaders = build(datasets=dict(val_dataloader=tested))
    assert computed(caplog) == 28
    (entry,) = entries(store)[0]
    assert len(list(entry.rows())) == 28
    assert {len(one.dataset) for one in loaders.values()} == {14}


def test_data_sets_with_other_pipelines_have_their_own_entries(
    build, caplog, store, faces, pipeline, model
):
    settings = pipeline(flip=None, size=48)
    tested = RAFDB(str(faces), split='test', pipeline=settings, test_mode=True)
    loaders = build(datasets=dict(val_dataloader=tested))
    assert len(entries(store)[0]) == 2 and computed(caplog) == 35
    shapes = [next(iter(one))['inputs'].shape[1:] for one in loaders.values()]
    assert shapes == [(24, 2, 2), (24, 3, 3)]


def test_an_entry_of_another_version_is_no_obstacle(build, caplog, store):
    """Its name can't be mistaken for one of this version, so it is left alone."""
    build(datasets=dict(train_dataloader=None))
    old = store / 'net-0123456789ab'
    old.mkdir()
    (old / 'manifest.json').write_text('{"format_version": 0}')
    build(datasets=dict(train_dataloader=None), dtype='float32')
    assert computed(caplog) == 7


@pytest.mark.parametrize('training', [True, False])
def test_the_model_keeps_its_mode(build, model, training):
    model.train(training)
    build(datasets=dict(train_dataloader=None))
    assert {
        module.training for name, module in model.named_modules() if 'backbone' not in name
    } == {training}


def test_features_are_those_of_eval_mode(build, make_model, store, contents):
    """A neck or head in train mode does not matter, nor how often the store is used."""
    build(model=make_model().eval())
    before = contents(store)
    (store / next(name for name in before if name.endswith('.json'))).unlink()
    build(model=make_model().train())
    assert contents(store) == before


def test_a_damaged_image_is_named(build, faces):
    path = faces / 'train' / 'fear' / 'fear1.png'
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ConvcutError, match='fear1.png: not a whole image file') as error:
        build()
    assert '\n' not in str(error.value)


def test_broken_manifest_is_named(build, store):
    build()
    (entry,) = entries(store)[0]
    path = entry.folder / 'manifest.json'
    path.write_text(path.read_text()[:50])
    with pytest.raises(ConvcutError, match=f'{path}: not the manifest of .*, remove') as error:
        build()
    assert '\n' not in str(error.value)


def test_a_manifest_with_another_dtype_is_not_read(build, store):
    """bfloat16 and float16 have the same size, so the same bytes would be other numbers."""
    build()
    (entry,) = entries(store)[0]
    path = entry.folder / 'manifest.json'
    path.write_text(path.read_text().replace('"float16"', '"bfloat16"'))
    with pytest.raises(ConvcutError, match=f'{path}: was changed, .* remove {entry.folder}'):
        build()


def test_strange_files_in_an_entry_do_not_stop_a_training(build, caplog, store):
    build()
    (entry,) = entries(store)[0]
    strange = [entry.folder / name for name in ('notes.json', '[red].json', 'deadbeef.bin')]
    for path in strange:
        path.write_text('mine')
    build()
    assert computed(caplog) == 0 and [path.read_text() for path in strange] == ['mine'] * 3


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(dtype='float64'), r"feature_store.dtype='float64': expected float32, float16, bfl"),
        (dict(compute='float16'), r"feature_store.compute='float16': expected float32, bfloat16"),
        (dict(resident='yes'), r"feature_store.resident='yes': expected auto, True, False"),
        (dict(batch_size=True), r'feature_store.batch_size=True: expected auto, or 1 or more'),
        (dict(dtype=[]), r'feature_store.dtype=\[\]: expected float32'),
        (dict(dir=''), r"feature_store.dir='': expected the path of a folder"),
        (dict(dir=None), r'feature_store.dir=None: expected the path of a folder'),
        (dict(batch_size=0), r'feature_store.batch_size=0: expected auto, or 1 or more'),
        (dict(batch_size=2.5), r'feature_store.batch_size=2.5: expected auto, or 1 or more'),
        (dict(batch_size='many'), r"feature_store.batch_size='many': expected auto, or 1 or more"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConvcutError, match=message) as error:
        StoreOptions(**options)
    assert '\n' not in str(error.value)


def other_datasets() -> dict:
    return dict(
        CustomDataset=lambda faces, settings: CustomDataset(
            data_prefix=str(faces / 'train'), pipeline=settings
        ),
        RepeatDataset=lambda faces, settings: RepeatDataset(
            RAFDB(str(faces), pipeline=settings), times=2
        ),
        ConcatDataset=lambda faces, settings: ConcatDataset(
            [RAFDB(str(faces), pipeline=settings)] * 2
        ),
    )


@pytest.mark.parametrize('name', other_datasets())
def test_other_data_sets_are_refused_by_name(build, store, faces, pipeline, name):
    dataset = other_datasets()[name](faces, pipeline())
    with pytest.raises(ConvcutError, match=f'train_dataloader: .* type {name}') as error:
        build(datasets=dict(train_dataloader=dataset))
    assert '\n' not in str(error.value) and not store.exists()


def test_random_transforms_are_refused_before_anything_is_written(build, store, faces, pipeline):
    settings = pipeline()
    settings.insert(2, dict(type='RandomCrop', crop_size=16))
    dataset = RAFDB(str(faces), pipeline=settings)
    with pytest.raises(ConvcutError, match='train_dataloader: .* RandomCrop'):
        build(datasets=dict(train_dataloader=dataset))
    assert not store.exists()


def test_a_trained_backbone_is_refused_before_anything_is_written(build, store, model):
    model.backbone.requires_grad_(True)
    with pytest.raises(ConvcutError, match='needs a frozen backbone'):
        build()
    assert not store.exists()


def test_random_flips_of_test_images_are_refused(faces, pipeline):
    for flip, refused in ((0.5, True), (0.0, False), (1.0, False)):
        dataset = RAFDB(str(faces), pipeline=pipeline(flip=flip), test_mode=True)
        if refused:
            with pytest.raises(ConvcutError, match='test_dataloader: RandomFlip .* test_mode'):
                check_dataset(dataset, 'test_dataloader')
        else:
            check_dataset(dataset, 'test_dataloader')
