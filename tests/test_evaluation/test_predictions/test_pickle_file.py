"""Pickles of predictions: code in them never runs, tensors and arrays are read."""

import io
import os
import pickle
from collections import OrderedDict

import mmengine
import numpy as np
import pytest
import torch

from convcut_mm import ConvcutError
from convcut_mm.evaluation import load_pickle


class Call:
    """An object that calls a function when unpickled."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def hidden_in_a_storage(proof) -> Call:
    """Return a pickled tensor whose storage, bytes that torch unpickles, holds a call."""
    content = io.BytesIO()
    torch.save(Call(os.mkdir, proof), content, _use_new_zipfile_serialization=False)
    return Call(torch.storage._load_from_bytes, content.getvalue())


@pytest.mark.parametrize('protocol', [2, 4])
@pytest.mark.parametrize(
    'malice,named',
    [
        (lambda proof: Call(os.mkdir, proof), 'posix.mkdir"'),
        (lambda proof: Call(eval, f'__import__("os").mkdir({proof!r})'), '.eval"'),
        (hidden_in_a_storage, 'posix.mkdir"'),
    ],
)
def test_code_is_refused_and_not_run(malice, named, protocol, tmp_path):
    proof, path = tmp_path / 'proof', tmp_path / 'evil.pkl'
    samples = [dict(img_path='a.png', pred_score=torch.ones(2), extra=malice(str(proof)))]
    path.write_bytes(pickle.dumps(samples, protocol=protocol))
    with pytest.raises(ConvcutError) as error:
        load_pickle(path)
    message = str(error.value)
    assert not proof.exists()
    assert str(path) in message and 'refused' in message and named in message
    assert '\n' not in message
    # simply unpickled, the same file does what it wants
    pickle.loads(path.read_bytes())
    assert proof.is_dir()


def test_attributes_of_what_is_allowed_are_refused(tmp_path):
    path = tmp_path / 'evil.pkl'
    # protocol 4 can ask for a method by a dotted name: numpy.ndarray.tofile writes files
    path.write_bytes(b'\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.')
    with pytest.raises(ConvcutError, match='refused'):
        load_pickle(path)


@pytest.mark.parametrize('protocol', [2, 4])
def test_tensors_arrays_and_containers(tmp_path, protocol):
    path = tmp_path / 'good.pkl'
    content = dict(
        view=torch.arange(12.0).reshape(3, 4)[1],
        half=torch.ones(2, dtype=torch.bfloat16),
        label=torch.tensor([3]),
        array=np.arange(6, dtype=np.float32).reshape(2, 3),
        number=np.float64(0.5),
        shape=torch.Size([2, 3]),
        ordered=OrderedDict(a=1),
        plain=[None, True, (1, 2.5), {'x'}, b'\x00\xff', 'ä'],
    )
    mmengine.dump(content, path, protocol=protocol)
    loaded = load_pickle(path)
    assert set(loaded) == set(content)
    for key in ('view', 'half', 'label'):
        assert torch.equal(loaded[key], content[key]) and loaded[key].dtype == content[key].dtype
    np.testing.assert_array_equal(loaded['array'], content['array'])
    for key in ('number', 'shape', 'ordered', 'plain'):
        assert loaded[key] == content[key]


def test_damaged_files(tmp_path):
    path = tmp_path / 'p.pkl'
    with pytest.raises(ConvcutError, match='no such file'):
        load_pickle(path)
    whole = pickle.dumps([dict(pred_score=torch.ones(3))])
    for content in (b'', whole[: len(whole) // 2], whole[:-1], b'file,label\na.png,1\n'):
        path.write_bytes(content)
        with pytest.raises(ConvcutError) as error:
            load_pickle(path)
        assert f'{path}: not a whole file' in str(error.value) and '\n' not in str(error.value)


def test_what_asks_for_more_than_the_file_holds(tmp_path):
    """A tensor of 4 GB over a storage of one number, and a dtype that crashed the interpreter."""
    path = tmp_path / 'p.pkl'
    storage = Call(torch.storage._load_from_bytes, pickled_storage())
    tensor = Call(
        torch._utils._rebuild_tensor_v2, storage, 0, (2**30,), (1,), False, OrderedDict()
    )
    state = (3, '|', None, ('a',), {'a': (np.dtype('f8'), 2**30)}, 16, 1, 16)
    for evil, message in (
        (tensor, r'a tensor of shape \(1073741824,\) in a storage of 1 numbers'),
        (Dtype(state), 'numpy.dtype'),
    ):
        path.write_bytes(pickle.dumps([dict(pred_score=evil)], protocol=4))
        with pytest.raises(ConvcutError, match=message):
            load_pickle(path)


def pickled_storage() -> bytes:
    content = io.BytesIO()
    storage = torch.ones(1).untyped_storage()
    typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32, _internal=True)
    torch.save(typed, content, _use_new_zipfile_serialization=False)
    return content.getvalue()


class Dtype:
    """An object that unpickles as a dtype with any state."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return np.dtype, ('V16', False, True), self.state
