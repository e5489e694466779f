"""Training on stored features equals training on images; options, refusals, the store's tool."""

import json
import os
import pickle
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

# what every iteration saw, with the loss
HOOK = """
import json
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

@HOOKS.register_module()
class WriteDraws(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        seen = [sorted((key, str(sample.get(key))) for key in sample.all_keys())
                for sample in data_batch['data_samples']]
        with open(f'{runner.work_dir}/draws.jsonl', 'a') as file:
            file.write(json.dumps([runner.epoch, outputs['loss'].item(), seen]) + chr(10))
"""
WRITE_DRAWS = """
custom_imports = dict(imports=['convcut_mm', 'write_draws'], allow_failed_imports=False)
custom_hooks = [dict(type='WriteDraws')]
"""
EPOCHS = 2


def train(run_here, config, work, *options) -> None:
    assert run_here('tools/train.py', config, '--work-dir', work, *options) == 0


def log(work: Path) -> str:
    return ''.join(path.read_text() for path in work.glob('*/*.log'))


def views(store: Path) -> list:
    """Return (entry, image, view) of every row."""
    return [
        (path.parent.name, row['sha256'], row['view'])
        for path in store.glob('*/*.json')
        if path.name != 'manifest.json'
        for row in json.loads(path.read_text())['rows']
    ]


@pytest.fixture(scope='module')
def runs(tmp_path_factory, frozen_config, run_here):
    """Train on images, on float32 features, and on float16 features by the option."""
    folder = tmp_path_factory.mktemp('runs')
    (folder / 'write_draws.py').write_text(HOOK)
    # images come from a worker process, as they would; the config's folder is not the option's
    workers = 'train_dataloader = dict(num_workers=1)\n'
    in_float32 = f"feature_store = dict(dir='{folder / 'unused'}', dtype='float32')\n"
    plain = frozen_config('plain.py', EPOCHS, extra=WRITE_DRAWS + workers)
    cached = frozen_config('cached.py', EPOCHS, extra=WRITE_DRAWS + in_float32)
    short = frozen_config('short.py')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        train(run_here, plain, folder / 'plain')
        train(run_here, cached, folder / 'cached', '--cache-features', folder / 'store')
        train(run_here, short, folder / 'short', '--cache-features', folder / 'store16')
        for name, config, out, options in (
            ('plain', plain, 'plain.pkl', ()),
            ('cached', cached, 'cached.pkl', ()),
            ('cached', cached, 'images.json', ('--out-item', 'metrics')),
            (
                'cached',
                cached,
                'features.json',
                ('--out-item', 'metrics', '--cache-features', folder / 'store'),
            ),
        ):
            checkpoint = folder / name / f'epoch_{EPOCHS}.pth'
            options = (*options, '--work-dir', folder / f'test_{out}', '--out', folder / out)
            assert run_here('tools/test.py', config, checkpoint, *options) == 0
    return folder


@pytest.fixture
def store(runs, tmp_path) -> Path:
    """Copy the float32 store, which has a shard for training and one for the test."""
    return Path(shutil.copytree(runs / 'store', tmp_path / 'store'))


def shards(store: Path) -> list:
    """Return the shards' .bin files, the largest last."""
    return sorted(store.glob('*/*.bin'), key=lambda path: path.stat().st_size)


# ---- the same results --------------------------------------------------------------------------


def test_draws_and_losses_are_those_of_a_training_on_images(runs):
    plain, cached = (
        [json.loads(line) for line in (runs / name / 'draws.jsonl').open()]
        for name in ('plain', 'cached')
    )
    assert len(plain) == EPOCHS * 13
    assert [draws for _, _, draws in cached] == [draws for _, _, draws in plain]
    flips = Counter(dict(sample)['flip'] for _, _, draws in plain for sample in draws)
    assert min(flips['True'], flips['False']) > 50
    a, b = (np.array([loss for _, loss, _ in run]) for run in (plain, cached))
    relative = np.abs(a - b) / a
    assert relative[:13].max() < 1e-4
    assert relative.max() < 1e-2
    assert a[:13].std() > 1e-2  # losses that never change would always agree


def test_checkpoints_hold_the_whole_model_and_predict_the_same(runs):
    a, b = (
        torch.load(runs / name / f'epoch_{EPOCHS}.pth', weights_only=False)['state_dict']
        for name in ('plain', 'cached')
    )
    assert list(a) == list(b) and any(key.startswith('backbone.') for key in a)
    assert all(torch.equal(a[key], b[key]) for key in a if key.startswith('backbone.'))
    plain, cached = (
        pickle.loads((runs / f'{name}.pkl').read_bytes()) for name in ('plain', 'cached')
    )
    assert [one['img_path'] for one in plain] == [one['img_path'] for one in cached]
    a, b = (np.stack([one['pred_score'].numpy() for one in run]) for run in (plain, cached))
    assert len(a) == 28 and np.abs(a - b).max() < 1e-3
    best = np.sort(a)
    clear = best[:, -1] - best[:, -2] > 2e-3
    assert clear.sum() > 14
    assert (a.argmax(axis=1) == b.argmax(axis=1))[clear].all()


def test_test_on_stored_features_gives_the_metrics_of_images(runs):
    images, features = (
        json.loads((runs / f'{name}.json').read_text()) for name in ('images', 'features')
    )
    # matrix and accuracies, not how long it took
    timed = ('time', 'data_time')
    assert 'confusion_matrix/result' in images
    assert {key: value for key, value in features.items() if key not in timed} == {
        key: value for key, value in images.items() if key not in timed
    }
    assert 'Feature store: 28 views in' in log(runs / 'test_features.json')
    assert 'Feature store' not in log(runs / 'test_images.json')


def test_option_wins_over_the_config_s_folder_and_no_view_is_stored_twice(runs):
    assert not (runs / 'unused').exists()
    stored = views(runs / 'store')
    # 75 images to fit on, plain and mirrored, 9 to validate on, 28 to test on
    assert len(stored) == len(set(stored)) == 75 * 2 + 9 + 28
    manifest = json.loads(next((runs / 'store').glob('*/manifest.json')).read_text())
    assert (manifest['dtype'], manifest['shape']) == ('float32', [3, 3, 24])


def test_feature_store_in_the_config_does_what_the_option_does(
    runs, frozen_config, run_here, contents, tmp_path
):
    extra = f"feature_store = dict(dir='{tmp_path / 'store'}', dtype='float16')\n"
    train(run_here, frozen_config('by_config.py', extra=extra), tmp_path / 'work')
    assert contents(tmp_path / 'store') == contents(runs / 'store16')
    assert len(contents(tmp_path / 'store')) == 3
    manifest = json.loads(next((tmp_path / 'store').glob('*/manifest.json')).read_text())
    assert manifest['dtype'] == 'float16'
    a, b = (
        torch.load(work / 'epoch_1.pth', weights_only=False)['state_dict']
        for work in (runs / 'short', tmp_path / 'work')
    )
    assert all(torch.equal(a[key], b[key]) for key in a)


# ---- what an entry belongs to ------------------------------------------------------------------


def test_other_weights_and_another_size_make_new_entries_and_say_why(
    store, frozen_config, run_here, contents, tmp_path
):
    before = contents(store)
    for name, size, options, reason in (
        ('weights.py', 48, ('--cfg-options', 'randomness.seed=1'), "backbone's weights"),
        ('size.py', 40, (), 'pipeline (Resize: scale [48, 48] then, '),
    ):
        count = len(list(store.iterdir()))
        config = frozen_config(name, size=size, extra="feature_store = dict(dtype='float32')\n")
        train(run_here, config, tmp_path / name, '--cache-features', store, *options)
        said = [line for line in log(tmp_path / name).splitlines() if 'no entry of' in line]
        assert len(said) == 1 and f' differs in: {reason}' in said[0]
        assert len(list(store.iterdir())) == count + 1
    after = contents(store)
    assert {name: after[name] for name in before} == before


def test_a_second_training_computes_nothing(store, frozen_config, run_here, contents, tmp_path):
    before = contents(store)
    config = frozen_config('again.py', extra="feature_store = dict(dtype='float32')\n")
    train(run_here, config, tmp_path / 'again', '--cache-features', store)
    assert contents(store) == before
    assert 'to compute' not in log(tmp_path / 'again')
    assert 'Feature store: 159 views in' in log(tmp_path / 'again')


# ---- refusals: one line, status 1, no work folder, no store ------------------------------------


@pytest.mark.parametrize(
    'extra,named',
    [
        (
            'train_dataloader = dict(dataset=dict(pipeline=[dict(type="LoadImageFromFile"), '
            'dict(type="ColorJitter", brightness=0.4), dict(type="PackInputs")]))',
            'train_dataloader: the feature store does not support ColorJitter',
        ),
        ('model = dict(backbone=dict(frozen=False))', 'needs a frozen backbone'),
        (
            'data_preprocessor = dict(batch_augments=dict(augments=[dict(type="Mixup", '
            'alpha=0.2)]))',
            'does not support Mixup',
        ),
        ('feature_store = dict(folder="x")', 'feature_store: unknown option "folder"'),
        ('feature_store = dict(dtype="int8")', "feature_store.dtype='int8': expected float32"),
        ('feature_store = dict(compute="float16")', "feature_store.compute='float16': expected"),
        ('feature_store = dict(resident="no")', "feature_store.resident='no': expected"),
        ('feature_store = dict(batch_size=0)', 'feature_store.batch_size=0: expected'),
        ('feature_store = dict(dtype=["float16"])', 'feature_store.dtype'),
        ('feature_store = dict(dir=5)', 'feature_store.dir'),
        ('feature_store = True', 'feature_store'),
    ],
)
def test_refusals(extra, named, frozen_config, run_tool_here, tmp_path):
    # the option adds its folder, which would hide a wrong one of the config
    option = () if 'dir=' in extra else ('--cache-features', tmp_path / 'store')
    status, err = run_tool_here(
        'tools/train.py',
        frozen_config('refused.py', extra=extra),
        '--work-dir',
        tmp_path / 'work',
        *option,
    )
    assert status == 1
    assert list(tmp_path.iterdir()) == []
    errors = [line for line in err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1 and named in errors[0]
    assert err.strip().splitlines()[-1] == errors[0]


# ---- tools/feature_store.py --------------------------------------------------------------------


@pytest.fixture
def tool(run_here, capsys):
    """Run tools/feature_store.py; return exit status, stdout, stderr."""

    def run(*args) -> tuple:
        capsys.readouterr()
        status = run_here('tools/feature_store.py', *args)
        return (status, *capsys.readouterr())

    return run


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_list_shows_what_an_entry_holds(store, tool):
    status, out, _ = tool('list', store)
    entry = next(store.iterdir())
    assert status == 0
    size = sum(path.stat().st_size for path in entry.iterdir()) / 1000
    row = out.strip().splitlines()[-1].split()
    # images, views, shards, size
    assert row[:9] == [
        entry.name,
        'float32',
        '3x3x24',
        'float32',
        '112',
        '187',
        '2',
        f'{size:.1f}',
        'kB',
    ]
    assert time.strftime('%Y-%m-%d') in out and 'Resize [48, 48]' in out


def test_verify_names_the_damaged_shard(store, tool, contents):
    status, out, _ = tool('verify', store)
    assert status == 0 and 'no shard is damaged' in out
    small, large = shards(store)
    flip_byte(large)
    small.write_bytes(small.read_bytes()[:-1])
    before = contents(store)
    status, out, _ = tool('verify', store)
    assert status == 1 and len(out.strip().splitlines()) == 2
    assert f'{large.parent}: {large.name} is not what was written' in out
    assert f'{small.parent}: {small.name} has ' in out
    assert contents(store) == before


@pytest.mark.parametrize('damage', ['cut', 'renamed key', 'renamed row', 'missing'])
def test_damage_of_a_list_of_rows_is_shown_listed_and_pruned(damage, store, tool):
    small, large = shards(store)
    rows = large.with_suffix('.json')
    content = rows.read_bytes()
    if damage == 'cut':
        rows.write_bytes(content[:100])
    elif damage == 'renamed key':
        rows.write_bytes(content.replace(b'{"sha256"', b'{"shb256"', 1))
    elif damage == 'renamed row':
        at = content.index(b'"sha256": "', 100) + 11
        rows.write_bytes(content[:at] + b'g' + content[at + 1 :])
    else:
        large.unlink()
    assert tool('list', store)[0] == 0
    status, out, _ = tool('verify', store)
    assert status == 1 and large.stem in out
    status, out, _ = tool('prune', store)
    assert status == 0 and large.stem in out
    assert [path.stem for path in shards(store)] == [small.stem] and not rows.exists()


def test_an_entry_with_a_damaged_list_can_be_removed(store, tool):
    rows = shards(store)[0].with_suffix('.json')
    rows.write_bytes(rows.read_bytes()[:100])
    status, _, _ = tool('prune', store, '--entry', next(store.iterdir()).name)
    assert status == 0 and list(store.iterdir()) == []


def test_prune_removes_damaged_shards_and_a_dry_run_nothing(store, tool, contents):
    small, large = shards(store)
    flip_byte(large)
    (large.parent / '.0123456789abcdef.bin.9.convcut-tmp').write_bytes(b'half')
    (large.parent / '.0123456789abcdef.json.9.convcut-tmp').write_bytes(b'half')
    (large.parent / '0123456789abcdef.bin').write_bytes(b'without a list')
    before = contents(store)
    status, out, _ = tool('prune', store, '--dry-run')
    assert status == 0 and large.name in out and contents(store) == before
    status, out, _ = tool('prune', store)
    assert status == 0 and large.name in out
    kept = {'manifest.json', small.name, small.with_suffix('.json').name}
    assert {Path(name).name for name in contents(store)} == kept
    assert tool('verify', store)[0] == 0


@pytest.mark.parametrize('name', ['.{}.bin.9.convcut-tmp', '.{}.json.9.convcut-tmp'])
def test_prune_removes_leftovers_beside_whole_files(name, store, tool, contents):
    before = contents(store)
    shard = shards(store)[0]
    (shard.parent / name.format(shard.stem)).write_bytes(b'half')
    assert tool('prune', store)[0] == 0
    assert contents(store) == before


def test_prune_removes_entries_by_name_and_by_age(runs, store, tool, contents):
    (other,) = (runs / 'store16').iterdir()
    other = Path(shutil.copytree(other, store / other.name))
    (entry,) = (path for path in store.iterdir() if path != other)
    before = contents(store)
    status, _, err = tool('prune', store, '--entry', other.name, 'nothing')
    assert status == 1 and contents(store) == before
    assert err.startswith(f'error: {store / "nothing"}: no such entry') and err.count('\n') == 1

    month = time.time() - 40 * 24 * 3600
    os.utime(other / 'manifest.json', (month, month))
    assert tool('prune', store, '--older-than', 41)[0] == 0
    status, out, _ = tool('prune', store, '--older-than', 39, '--dry-run')
    assert status == 0 and f'{other}: unused for 40 days' in out
    assert str(entry) + ':' not in out and contents(store) == before
    assert tool('prune', store, '--older-than', 39)[0] == 0
    assert list(store.iterdir()) == [entry]

    status, out, _ = tool('prune', store, '--entry', entry.name, '--dry-run')
    assert f'{entry}: named by --entry' in out and entry.is_dir()
    assert tool('prune', store, '--entry', entry.name)[0] == 0
    assert list(store.iterdir()) == []


def test_a_changed_manifest_is_no_entry(store, tool, contents):
    (entry,) = store.iterdir()
    path = entry / 'manifest.json'
    path.write_text(path.read_text().replace('"dtype": "float32"', '"dtype": "bfloat16"'))
    before = contents(store)
    status, out, _ = tool('verify', store)
    assert status == 1 and f'{path}: was changed' in out and contents(store) == before
    status, out, _ = tool('prune', store, '--entry', entry.name)
    assert status == 0 and list(store.iterdir()) == []


def test_names_with_markup_and_files_of_others(store, tool, tmp_path):
    (entry,) = store.iterdir()
    strange = [entry / name for name in ('notes.json', '[red].json')]
    for path in strange:
        path.write_text('mine')
    odd = tmp_path / '[' / 'red] :smile:'  # a path with [/red] in it
    shutil.copytree(store, odd)
    flip_byte(next(odd.glob('*/*.bin')))
    (odd / '[red]old').mkdir()
    (odd / '[red]old' / 'manifest.json').write_text('{"format_version": "[/red]"}')
    status, out, _ = tool('list', odd)
    assert status == 0 and f"{odd / '[red]old'}/manifest.json: format version '[/red]'" in out
    status, out, _ = tool('verify', odd)
    assert status == 1 and str(odd / entry.name) in out
    status, out, _ = tool('prune', store, '--entry', entry.name)
    assert status == 0 and f"{entry}: not the store's, so it stays: [red].json, notes.json" in out
    assert sorted(entry.iterdir()) == sorted(strange)


def test_prune_removes_what_a_killed_prune_left(store, tool):
    (entry,) = store.iterdir()
    (entry / 'manifest.json').unlink()
    status, out, _ = tool('prune', store, '--dry-run')
    assert status == 0 and f'{entry}: no manifest, half removed' in out and entry.is_dir()
    assert tool('prune', store)[0] == 0 and list(store.iterdir()) == []


@pytest.mark.parametrize('command', ['list', 'verify', 'prune'])
def test_a_missing_folder_is_one_line(command, tool, tmp_path):
    status, _, err = tool(command, tmp_path / 'nowhere')
    assert status == 1 and not (tmp_path / 'nowhere').exists()
    assert err.startswith(f'error: {tmp_path / "nowhere"}: no such folder')
    assert err.count('\n') == 1
