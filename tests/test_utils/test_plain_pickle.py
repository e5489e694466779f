"""Hostile pickles make data or are refused."""

import io
import itertools
import pickle
import sys
import tarfile
import tracemalloc
import zipfile
from collections import Counter, OrderedDict
from types import FunctionType

import mmengine.logging.history_buffer as history_module
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from convcut_mm.utils import pickle_names
from convcut_mm.utils.pickle_names import NAMES, Damaged, Refused, Storage
from convcut_mm.utils.plain_pickle import PlainUnpickler
from convcut_mm.utils.torch_file import read_torch_file

DATA = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray),
    *(list, tuple, dict, set, frozenset, OrderedDict, Counter, HistoryBuffer),
    *(np.ndarray, torch.Tensor, torch.nn.Parameter, torch.Size, torch.device, torch.dtype),
)


def dump(value) -> bytes:
    """Opcodes without PROTO and STOP."""
    return pickle.dumps(value, protocol=2)[2:-1]


def glob(name: str) -> bytes:
    module, attribute = name.rsplit('.', 1)
    return b'c%s\n%s\n' % (module.encode(), attribute.encode())


def load(*opcodes: bytes, storage=None):
    return PlainUnpickler(io.BytesIO(b''.join((*opcodes, b'.'))), storage=storage).load()


def look() -> list:
    """The state of the functions that names stand for."""
    functions = [value for value in NAMES.values() if isinstance(value, FunctionType)]
    return [(f, dict(vars(f)), f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions]


def test_the_names_are_those_of_data():
    """A new name has to be added here, with the reason why it makes nothing but data."""
    kinds = ('Float', 'Double', 'Half', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool')
    types = ('float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8')
    assert set(NAMES) == {
        *('collections.OrderedDict', 'collections.Counter', '_codecs.encode'),
        *(f'builtins.{name}' for name in ('set', 'frozenset', 'bytes', 'getattr')),
        *('numpy.ndarray', 'numpy.dtype'),
        *(f'numpy.{core}.multiarray._reconstruct' for core in ('core', '_core')),
        *(f'numpy.{core}.multiarray.scalar' for core in ('core', '_core')),
        *(f'numpy.{core}.numeric._frombuffer' for core in ('core', '_core')),
        'mmengine.logging.history_buffer.HistoryBuffer',
        *('torch.Size', 'torch.device', 'torch._utils._rebuild_parameter'),
        *('torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'),
        *(f'torch.{kind}Storage' for kind in kinds),
        *(f'torch.{kind}' for kind in (*types, 'uint8', 'bool')),
    }
    for name, stands_for in NAMES.items():
        ours = isinstance(stands_for, FunctionType) and stands_for.__module__ == (
            'convcut_mm.utils.pickle_names'
        )
        assert ours or isinstance(stands_for, torch.dtype), name
    assert not any(dtype.hasobject or dtype.fields for dtype in pickle_names.DTYPES.values())


ARGUMENTS = [
    *((), (1,), (-1,), (2**40,), ('x',), ('__globals__',), ([],), ([1, 2],), ({'a': 1},)),
    *(('f8', False, True), ('O', False, True), ('V16',), ('i4,O',), ([('a', 'O', 2**40)],)),
    *((b'abc', 'f8', (2**40,), 'C'), ('text', 'latin1'), ('text', 'utf-7'), ('cuda', 2**40)),
    *(((2**40, 2**40),), (None, 0, (2**31,), (1,), False, {}), ([], [], 10**9)),
]
STATES = [
    *(None, {'__class__': 1, '_metadata': 2}, (None, {'__code__': 1, '__defaults__': (1,)})),
    (1, (2**40,), 'f8', False, b''),
    (3, '|', None, ('a',), {'a': ('O', 2**40)}, 16, 1, 27),
    {'max_length': -1, '_log_history': [1], '_count_history': [1], 'statistics_methods': {}},
]


@pytest.mark.parametrize('name', sorted(NAMES))
def test_each_name_called_built_and_changed(name):
    """Each name with everything that a file can do to it: data comes out, or an error."""
    before = look()
    statistics = dict(HistoryBuffer()._statistics_methods)
    # the name itself and other names as arguments, too
    for arguments, state in itertools.product(
        [*map(dump, ARGUMENTS), glob(name) + b'\x85', b'(' + glob('numpy.ndarray') * 3 + b't'],
        [b'', *(dump(state) + b'b' for state in STATES), glob(name) + b'b'],
    ):
        for call in (b'R', b'\x81'):
            for opcodes in (
                (glob(name), arguments, call, state),
                (glob(name), state, arguments, call),
            ):
                try:
                    value = load(*opcodes)
                except (Refused, Damaged) as error:
                    assert '\n' not in str(error)
                    continue
                # of what numpy gives no object has a pointer of the file's
                assert isinstance(value, (*DATA, np.generic, np.dtype)), value
                assert not isinstance(value, np.dtype) or not value.hasobject
    assert look() == before
    assert HistoryBuffer._statistics_methods == statistics


def test_getattr_reaches_nothing():
    mark = 'reached_by_a_file'
    chain = (glob('__builtin__.getattr') + glob('mmengine.logging.history_buffer.HistoryBuffer')
             + dump('mean') + b'\x86R')  # fmt: skip
    assert load(chain) is None
    # HistoryBuffer.mean.__globals__[mark] = 1
    with pytest.raises(Refused, match='builtins.getattr'):
        load(glob('__builtin__.getattr'), chain, dump('__globals__'), b'\x86R', dump(mark),
             dump(1), b's')  # fmt: skip
    for owner in ('torch.Size', 'collections.OrderedDict'):
        with pytest.raises(Refused, match='builtins.getattr'):
            load(glob('__builtin__.getattr'), glob(owner), dump('__init__'), b'\x86R')
    with pytest.raises(Refused):
        load(
            glob('__builtin__.getattr'),
            glob('mmengine.logging.history_buffer.HistoryBuffer'),
            dump('__init__'),
            b'\x86R',
        )
    assert not hasattr(history_module, mark)


@pytest.mark.parametrize(
    'name',
    [
        *('posix.mkdir', 'builtins.eval', 'builtins.exec', 'builtins.__import__', 'nt.system'),
        *('torch.load', 'torch.Tensor', 'torch.FloatTensor', 'torch.jit.load'),
        *('builtins.bytearray', 'builtins.type', 'collections.defaultdict'),
        *('torch._tensor._rebuild_from_type_v2', 'torch._utils._rebuild_sparse_tensor'),
        *('numpy.load', 'numpy.ndarray.tofile', 'numpy.core.multiarray.fromfile'),
        *('convcut_mm.utils.pickle_names._dtype', 'copyreg._reconstructor', 'types.FunctionType'),
    ],
)  # fmt: skip
def test_other_names(name):
    with pytest.raises(Refused, match=name):
        load(glob(name), b')R')
    module, attribute = (dump(part) for part in name.rsplit('.', 1))
    with pytest.raises(Refused, match=name):
        load(module, attribute, b'\x93)R')


@pytest.mark.parametrize(
    'opcodes',
    [
        b'\x82\x01',  # a registered extension
        b'(cos\nsystem\nid\nos\nmkdir\n',
        b'(ios\nmkdir\n',
        glob('numpy.ndarray') + b')}\x92',  # a class with keywords
        b'Pid\n',
        dump('id') + b'Q',
        b'\x97\x98',
    ],
)
def test_other_opcodes(opcodes):
    with pytest.raises((Refused, Damaged)):
        load(opcodes)


@pytest.mark.parametrize(
    'opcodes',
    [
        b'N' + b'r\xff\xff\xff\x7f',  # the C unpickler makes room for two billion objects
        b'Np99999999999\n',
        b'\x8e' + (2**42).to_bytes(8, 'little') + b'short',
        b'\x96' + (2**42).to_bytes(8, 'little') + b'short',
        b'\x95' + (2**42).to_bytes(8, 'little') + b'short',
        b'X\xff\xff\xff\x7fshort',
    ],
)
def test_numbers_in_a_pickle_ask_for_no_memory(opcodes):
    tracemalloc.start()
    try:
        with pytest.raises((Refused, Damaged)):
            load(opcodes)
            raise Damaged('it did no harm')
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def dtype_with(state: tuple, name: str = 'V16') -> bytes:
    return glob('numpy.dtype') + dump((name, False, True)) + b'R' + dump(state) + b'b'


def test_a_dtype_s_state_that_crashed_the_interpreter():
    state = (3, '|', None, ('a',), {'a': (np.dtype('O'), 2**30)}, 16, 1, 27)
    for name in ('V16', 'f8', 'O'):
        with pytest.raises(Refused, match='numpy.dtype'):
            load(dtype_with(state, name))
    for order in ('>', '!'):
        with pytest.raises(Refused, match='numpy.dtype with a state'):
            load(dtype_with((3, order, None, None, None, -1, -1, 0), 'f8'))
    for array in (
        np.array([object], dtype=object),
        np.zeros(2, [('a', 'i4')]),
        np.array(['text']),
        np.zeros(2, 'M8[s]'),
    ):
        for protocol in (2, 4, 5):
            with pytest.raises((Refused, Damaged)):
                PlainUnpickler(io.BytesIO(pickle.dumps(array, protocol))).load()


@pytest.mark.parametrize(
    'shape, steps, offset',
    [
        *(((2**30,), (1,), 0), ((2,), (1,), 9), ((2,), (2**40,), 0), ((1,), (1,), 2**62)),
        *(((2**20, 2**20), (0, 0), 0), ((11,), (0,), 0), ((-1,), (1,), 0), ((2,), (-1,), 5)),
        *(((2, 2), (1,), 0), ((2.5,), (1,), 0), ((2**62, 2**62), (1, 1), 0), ((1,) * 99, None, 0)),
    ],
)
def test_tensors_fit_their_storage(shape, steps, offset):
    numbers = Storage(torch.arange(10.0))
    spread = glob('torch._utils._rebuild_tensor_v2') + b'(' + dump(0) + b'Q'
    parts = (dump(part) for part in (offset, shape, (1,) * 99 if steps is None else steps, False))
    with pytest.raises(Damaged):
        load(spread, *parts, b'tR', storage=lambda _: numbers)


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_what_numpy_and_python_write_is_read(protocol):
    kinds = ('f4', 'f8', 'i8', 'u1', 'f2', '?')
    content = dict(
        arrays=[np.ones((2, 3), kind) for kind in kinds],
        fortran=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        empty=np.zeros((0, 3)),
        scalars=[np.float32(0.5), np.int64(3), np.bool_(True)],
        plain=[None, True, -1, 2**70, 1.5, 'ä', b'', b'\xff', (), (1, 2), {1, 2}, frozenset('a')],
        ordered=OrderedDict(a=1),
        counter=Counter('aab'),
        device=torch.device('cpu'),
        size=torch.Size([2, 3]),
        dtype=torch.float16,
    )
    shared = content['shared'] = [1]
    content['again'] = shared
    loaded = PlainUnpickler(io.BytesIO(pickle.dumps(content, protocol))).load()
    assert loaded['again'] is loaded['shared']
    for key, value in content.items():
        np.testing.assert_equal(loaded[key], value)
    for array in loaded['arrays']:
        array[0] = 0  # may be written to


def test_a_history_of_losses():
    history = HistoryBuffer([1.0, 2.0, 4.0], [1, 1, 2], max_length=3)
    loaded = PlainUnpickler(io.BytesIO(pickle.dumps([history, history], 2))).load()
    assert loaded[0] is loaded[1]
    for name in ('mean', 'min', 'max', 'current'):
        assert loaded[0].statistics(name) == history.statistics(name)
    loaded[0].update(8.0, 1)
    assert loaded[0].data[0].tolist() == [2.0, 4.0, 8.0]


def saved(value, old: bool = False) -> bytes:
    content = io.BytesIO()
    torch.save(value, content, _use_new_zipfile_serialization=not old)
    return content.getvalue()


@pytest.mark.parametrize('old', [False, True])
def test_what_torch_saves_is_read(old):
    whole = torch.arange(12.0).reshape(3, 4)
    value = dict(
        view=whole.T[1:], same=whole, twice=whole, half=torch.ones(2).half(),
        brain=torch.ones(2).bfloat16(), flags=torch.tensor([True, False]), none=torch.zeros(0, 3),
        number=torch.tensor(3), parameter=torch.nn.Parameter(torch.ones(2)),
        weights=torch.nn.BatchNorm1d(2).state_dict(),
    )  # fmt: skip
    loaded = read_torch_file(io.BytesIO(saved(value, old)))
    assert loaded['twice'] is loaded['same']
    for key, tensor in value.items():
        if key != 'weights':
            assert torch.equal(loaded[key], tensor) and loaded[key].dtype == tensor.dtype, key
    assert loaded['weights']._metadata == value['weights']._metadata  # versions of modules
    assert loaded['parameter'].requires_grad and not loaded['view'].requires_grad
    # the one is still a view of the other
    assert (
        loaded['same'].untyped_storage().data_ptr() == loaded['view'].untyped_storage().data_ptr()
    )


def rebuilt(content: bytes, change=None, compression=zipfile.ZIP_STORED) -> bytes:
    """An archive of torch.save, written again with some of its files changed."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(result, 'w', compression) as new,
    ):
        files = {name: old.read(name) for name in old.namelist()}
        files.update({f'archive/{name}': text for name, text in (change or {}).items()})
        for name, text in files.items():
            new.writestr(name, text)
    return result.getvalue()


def test_hostile_archives(tmp_path):
    content = saved(dict(a=torch.zeros(1000)))
    assert torch.equal(read_torch_file(io.BytesIO(rebuilt(content)))['a'], torch.zeros(1000))
    bomb = rebuilt(saved(dict(a=torch.zeros(10**6))), compression=zipfile.ZIP_DEFLATED)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode='w') as archive:
        archive.addfile(tarfile.TarInfo('storages'))
    script = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), script)
    for evil in (
        bomb,
        rebuilt(content, {'data/0': b'short'}),
        rebuilt(content, {'data/0': bytes(8000)}),
        rebuilt(content, {'byteorder': b'big'}),
        rebuilt(content, {'other/data.pkl': b'N.'}),
        content[:-100],
        content[: len(content) // 2],
        tar.getvalue(),
        script.getvalue(),
        b'PK\x03\x04',
    ):
        with pytest.raises((Refused, Damaged)) as error:
            read_torch_file(io.BytesIO(evil))
        assert '\n' not in str(error.value)
    flipped = bytearray(saved(dict(a=torch.full((1000,), 7.0))))
    flipped[flipped.index(torch.full((9,), 7.0).numpy().tobytes()) + 20] ^= 1
    with pytest.raises(Damaged, match='CRC'):
        read_torch_file(io.BytesIO(bytes(flipped)))


def test_old_files_cut_anywhere():
    content = saved(dict(a=torch.arange(4.0), b=OrderedDict(c=torch.ones(1))), old=True)
    for length in range(0, len(content) - 1, 7):
        with pytest.raises((Refused, Damaged)):
            read_torch_file(io.BytesIO(content[:length]))
    # a storage of 2 ** 40 numbers in a file of some hundred bytes
    huge = content.replace(b'K\x04Nt', b'\x8a\x06' + (2**40).to_bytes(6, 'little') + b'Nt')
    assert huge != content
    with pytest.raises(Damaged, match='larger than the file'):
        read_torch_file(io.BytesIO(huge))


def test_nested_too_deeply():
    deep = b']' * 10**5 + b'a' * (10**5 - 1)
    value = load(deep)
    assert isinstance(value, list) and sys.getrecursionlimit() < 10**5
    del value
