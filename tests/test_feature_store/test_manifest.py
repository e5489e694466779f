"""Manifests: whatever was changed, malformed or hostile is refused."""

import json

import pytest

from convcut_mm.errors import ConvcutError
from convcut_mm.feature_store import StoreEntry, entries
from convcut_mm.feature_store.manifest import entry_folder


@pytest.mark.parametrize(
    'content, message',
    [
        ('{"format_version": 99}', 'format version 99, this program reads 2'),
        ('{"format_version": 2, "shape"', 'not the manifest of a feature store'),
        ('', 'not the manifest of a feature store'),
        ('[1]', 'not the manifest of a feature store'),
        ('{}', 'not the manifest of a feature store'),
        ('{"format_version": 2}', 'not the manifest of a feature store'),
        (None, 'not the manifest of a feature store'),
    ],
    ids=['version', 'cut', 'empty', 'list', 'no version', 'only version', 'gone'],
)
def test_bad_manifest(entry, content, message):
    path = entry.folder / 'manifest.json'
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ConvcutError) as error:
        StoreEntry(entry.folder)
    text = str(error.value)
    assert text.startswith(f'{path}: {message}')
    assert f'remove {entry.folder}' in text and '\n' not in text


CHANGES = dict(
    shape=[3, 2, 4],
    backbone=dict(type='some.other.Net', settings={}),
    structure='b',
    weights='b',
    preprocessor=dict(mean=[1.0]),
    pipeline=[dict(type='some.Resize', scale=[3, 3])],
    compute='bfloat16',
    dtype='bfloat16',
    note='added',
)


@pytest.mark.parametrize('key', CHANGES)
def test_a_changed_manifest_does_not_fit_the_folder_s_name(tmp_path, entry, key):
    path = entry.folder / 'manifest.json'
    manifest = json.loads(path.read_text())
    assert set(manifest) - {'format_version'} <= set(CHANGES)
    assert manifest.get(key) != CHANGES[key]
    path.write_text(json.dumps({**manifest, key: CHANGES[key]}))
    with pytest.raises(ConvcutError) as error:
        StoreEntry(entry.folder)
    assert str(error.value) == (
        f"{path}: was changed, it does not fit the folder's name any more; remove {entry.folder}"
    )
    assert list(entries(tmp_path)[1]) == [entry.folder]


@pytest.mark.parametrize(
    'changes',
    [
        dict(shape='2x3'),
        dict(shape=[]),
        dict(shape=[2, 3, -4]),
        dict(shape=[2, 3, True]),
        dict(dtype='int8'),
        dict(dtype=['float16']),
        dict(weights=5),
        dict(weights='\x1b[2J'),
        dict(pipeline='Resize'),
        dict(pipeline=[dict(scale=3)]),
        dict(backbone='Net'),
        dict(backbone=dict(type='Net', settings=3)),
    ],
    ids=str,
)
def test_a_manifest_with_the_right_hash_may_still_be_malformed(tmp_path, entry, changes):
    """The hash is no secret, so a stranger's file can have the right one."""
    manifest = {**entry.manifest, **changes}
    named = manifest if isinstance(manifest['backbone'], dict) else entry.manifest
    folder = entry_folder(tmp_path, named)
    folder.mkdir(exist_ok=True)
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    with pytest.raises(ConvcutError, match='not the manifest of a feature store, remove'):
        StoreEntry(folder)


@pytest.mark.parametrize('content', [b'[' * 100_000, b' ' * (2 << 20) + b'{}', b'\xff{}'])
def test_a_hostile_manifest_is_refused(entry, content):
    (entry.folder / 'manifest.json').write_bytes(content)
    with pytest.raises(ConvcutError, match='not the manifest of a feature store, remove'):
        StoreEntry(entry.folder)
