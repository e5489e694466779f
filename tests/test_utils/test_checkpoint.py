"""Checkpoints load without running code from them, or are refused with the reason."""

import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint
from torch import nn

from convcut_mm import ConvcutError
from convcut_mm.utils.checkpoint import load_from_local


class Evil:
    """An object that makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize('legacy', [False, True])
def test_pickled_code_is_not_run(tmp_path, legacy):
    proof = tmp_path / 'proof'
    path = tmp_path / 'evil.pth'
    torch.save(
        dict(state_dict={}, extra=Evil(proof)), path, _use_new_zipfile_serialization=not legacy
    )
    for load in (
        lambda: load_from_local(str(path)),
        lambda: load_checkpoint(nn.Linear(2, 2), str(path)),
    ):
        with pytest.raises(ConvcutError) as error:
            load()
        assert str(path) in str(error.value) and 'refused' in str(error.value)
        assert 'mkdir' in str(error.value) and '\n' not in str(error.value)
    assert not proof.exists()


def test_what_mmengine_saves_is_loaded(tmp_path):
    path = tmp_path / 'good.pth'
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    torch.save(
        dict(
            state_dict=dict(a=torch.ones(2)),
            message_hub=dict(loss=history),
            meta=dict(seed=np.int64(3), classes=('a', 'b')),
        ),
        path,
    )
    loaded = load_from_local(str(path))
    assert loaded['message_hub']['loss'].mean() == 1.5
    assert loaded['meta']['seed'] == 3


@pytest.mark.parametrize('content', [b'', b'hello', 'cut', pickle.dumps([1, 2])])
def test_damaged_files_are_named(tmp_path, content):
    path = tmp_path / 'bad.pth'
    if content == 'cut':
        torch.save(dict(state_dict=dict(a=torch.ones(1000))), path)
        content = path.read_bytes()[:2000]
    path.write_bytes(content)
    with pytest.raises(ConvcutError) as error:
        load_from_local(str(path))
    assert str(path) in str(error.value) and '\n' not in str(error.value)


def test_a_grey_flag_is_true_or_false(tmp_path):
    path = tmp_path / 'meta.pth'
    torch.save(dict(state_dict={}, meta=dict(dataset_meta=dict(grey=True))), path)
    assert load_from_local(str(path))['meta']['dataset_meta']['grey'] is True
    torch.save(dict(state_dict={}, meta=dict(dataset_meta=dict(grey='no'))), path)
    with pytest.raises(ConvcutError, match='meta.pth: "grey" in its dataset_meta has to be true'):
        load_from_local(str(path))


def test_missing_file():
    with pytest.raises(ConvcutError, match='nowhere.pth: no such checkpoint file'):
        load_from_local('nowhere.pth')
