"""Pickles read as data: tensors, arrays and plain containers, each made by a function of ours.

Why not ``torch.load(weights_only=True)``: it lets a file ask for memory of any size, what it is
told to allow holds for the whole process, it refuses the history of losses in mmengine's
checkpoints, and numpy's own constructors, which that history needs, can be made to crash the
interpreter. Here a name in a file stands for a function below or is refused. Nothing is looked up
in a module, no object of a file is called, and only four kinds of them are given a state.
"""

import math
import pickle
from collections import Counter, OrderedDict
from types import FunctionType
from typing import Any, BinaryIO

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

# none of them holds objects or has fields
DTYPES = {
    name: np.dtype(name)
    for name in ('b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8')
}
STORAGES = {
    'FloatStorage': torch.float32,
    'DoubleStorage': torch.float64,
    'HalfStorage': torch.float16,
    'BFloat16Storage': torch.bfloat16,
    'LongStorage': torch.int64,
    'IntStorage': torch.int32,
    'ShortStorage': torch.int16,
    'CharStorage': torch.int8,
    'ByteStorage': torch.uint8,
    'BoolStorage': torch.bool,
}
MOST_DIMENSIONS = 16


class Refused(pickle.UnpicklingError):
    """A pickle that asks for more than data; ``name`` says for what."""

    def __init__(self, name: str) -> None:
        super().__init__(f'it needs "{name}"')
        self.name = name


class Damaged(pickle.UnpicklingError):
    """A pickle whose parts do not fit together."""


class Storage:
    """The numbers that tensors are views of: ``flat`` has one dimension."""

    __slots__ = ('flat',)

    def __init__(self, flat: torch.Tensor) -> None:
        self.flat = flat


def _checked(fits: bool, what: str) -> None:
    if not fits:
        raise Damaged(what)


def _bytes(text: Any, encoding: Any) -> bytes:
    # how protocol 2, which torch and mmengine write, spells bytes
    _checked(type(text) is str and encoding == 'latin1', f'bytes as {encoding}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    return b''  # protocol 2 again


def _ordered_dict(items: Any = ()) -> OrderedDict:
    _checked(type(items) in (list, tuple), 'an OrderedDict without items')
    return OrderedDict(items)


def _counter(items: Any = ()) -> Counter:
    _checked(type(items) in (dict, tuple), 'a Counter without items')
    return Counter(items)


def _set(items: Any = ()) -> set:
    _checked(type(items) in (list, tuple), 'a set without items')
    return set(items)


def _frozenset(items: Any = ()) -> frozenset:
    return frozenset(_set(items))


def _dtype(name: Any, *_: Any) -> np.dtype:
    if type(name) is not str or name not in DTYPES:
        raise Refused(f'numpy.dtype({str(name)[:40]!r})')
    return DTYPES[name]


def _empty_array(*_: Any) -> np.ndarray:
    return np.empty(0, np.uint8)  # shape and content come as its state


def _array_state(shape: Any, dtype: Any, fortran: Any, content: Any) -> tuple:
    """What numpy's own ``__setstate__`` takes, once it fits together."""
    _checked(isinstance(dtype, np.dtype) and type(content) in (bytes, bytearray), 'an array')
    _checked(_are_sizes(shape), 'an array without a shape')
    _checked(
        math.prod(shape) * dtype.itemsize == len(content),
        f'an array of shape {shape} with {len(content)} bytes',
    )
    return 1, shape, dtype, bool(fortran), bytes(content)


def _are_sizes(numbers: Any) -> bool:
    return (
        isinstance(numbers, tuple)
        and len(numbers) <= MOST_DIMENSIONS
        and all(type(number) is int and 0 <= number < 2**63 for number in numbers)
    )


def _array_from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    array = _empty_array()
    array.__setstate__(_array_state(shape, dtype, order == 'F', content))
    return array


def _scalar(dtype: Any, content: Any) -> np.generic:
    return _array_from_buffer(content, dtype, (), 'C')[()]


def _history() -> HistoryBuffer:
    return HistoryBuffer()  # its content comes as its state


def _statistic(owner: Any, name: Any) -> None:
    # HistoryBuffer writes its methods as getattr(HistoryBuffer, 'mean'), and has them anyway
    if owner is not _history or name not in ('min', 'max', 'current', 'mean'):
        raise Refused('builtins.getattr')


def _device(kind: Any, *index: Any) -> torch.device:
    _checked(type(kind) is str and all(type(each) is int for each in index), 'a device')
    return torch.device(kind, *index)


def _size(sides: Any = ()) -> torch.Size:
    _checked(_are_sizes(tuple(sides)), 'a size')
    return torch.Size(sides)


def _tensor(
    storage: Any, offset: Any, shape: Any, steps: Any, grad: Any = False, *rest: Any
) -> torch.Tensor:
    """A view of a storage, which has to hold all of it."""
    _checked(type(storage) is Storage, 'a tensor without a storage')
    _checked(_are_sizes(shape) and _are_sizes(steps), 'a tensor without a shape')
    _checked(_are_sizes((offset,)) and len(shape) == len(steps), 'a tensor without a place')
    if len(rest) > 1 and rest[1]:
        raise Refused('a tensor that is conjugated or negated')
    count, held = math.prod(shape), len(storage.flat)
    last = offset + sum((side - 1) * step for side, step in zip(shape, steps, strict=True))
    # not more elements than there are, either: steps of 0 make terabytes of one number
    _checked(
        not count or (last < held and count <= held),
        f'a tensor of shape {tuple(shape)} in a storage of {held} numbers',
    )
    if not count:
        return storage.flat.new_empty(shape)
    view = storage.flat.as_strided(shape, steps, offset)
    return view.requires_grad_() if grad is True and view.is_floating_point() else view


def _parameter(tensor: Any, grad: Any = True, *_: Any) -> torch.nn.Parameter:
    _checked(type(tensor) is torch.Tensor, 'a parameter without a tensor')
    return torch.nn.Parameter(tensor.detach(), grad is True and tensor.is_floating_point())


# what a name stands for: a function, which a file can call, or a value
NAMES = {
    'collections.OrderedDict': _ordered_dict,
    'collections.Counter': _counter,  # the milestones of a scheduler
    'builtins.set': _set,
    'builtins.frozenset': _frozenset,
    'builtins.bytes': _no_bytes,
    'builtins.getattr': _statistic,
    '_codecs.encode': _bytes,
    'numpy.ndarray': _empty_array,
    'numpy.dtype': _dtype,
    # numpy 2 moved its modules; either may have written the file
    **{
        f'numpy.{core}.{name}': make
        for core in ('core', '_core')
        for name, make in (
            ('multiarray._reconstruct', _empty_array),
            ('multiarray.scalar', _scalar),
            ('numeric._frombuffer', _array_from_buffer),
        )
    },
    'mmengine.logging.history_buffer.HistoryBuffer': _history,
    'torch.Size': _size,
    'torch.device': _device,
    'torch._utils._rebuild_tensor': _tensor,
    'torch._utils._rebuild_tensor_v2': _tensor,
    'torch._utils._rebuild_parameter': _parameter,
    **{f'torch.{name}': dtype for name, dtype in STORAGES.items()},
    **{str(dtype): dtype for dtype in STORAGES.values()},
}

OPCODES = """
    PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE
    INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT
    STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
    BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_SET ADDITEMS FROZENSET
    GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE
    GLOBAL STACK_GLOBAL REDUCE NEWOBJ BUILD BINPERSID
""".split()


# the one written in Python: the other can be made to fill the memory by a number in the file
class PlainUnpickler(pickle._Unpickler):
    """An unpickler of data.

    Args:
        file (BinaryIO): Where the pickle begins; read to its end and no further.
        names (dict, optional): What names stand for besides :data:`NAMES`.
        storage (callable, optional): Gives the :class:`Storage` for a persistent id of torch.
    """

    def __init__(self, file: BinaryIO, names: dict | None = None, storage: Any = None) -> None:
        super().__init__(file, encoding='utf-8')  # of text that Python 2 wrote
        self._names = NAMES if names is None else {**NAMES, **names}
        self._storage = storage

    def load(self) -> Any:
        """Read the pickle.

        Raises:
            Refused: It asks for more than data.
            Damaged: Anything else is wrong with it.
        """
        try:
            return super().load()
        except pickle.UnpicklingError:
            raise
        except (Exception, RecursionError) as error:  # a damaged pickle fails in any way
            raise Damaged(str(error).strip() or type(error).__name__) from None

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for."""
        # protocol 2 writes Python 2's name of the module
        full = f'{"builtins" if module == "__builtin__" else module}.{name}'
        if full not in self._names:
            raise Refused(full)
        return self._names[full]

    def persistent_load(self, pid: Any) -> Storage:
        """The storage for a persistent id."""
        if self._storage is None:
            raise Damaged('a persistent id')
        return self._storage(pid)

    def _call(self) -> None:
        arguments = self.stack.pop()
        make = self.stack[-1]
        _checked(type(make) is FunctionType, f'a {type(make).__name__} is called')
        self.stack[-1] = make(*arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        value = self.stack[-1]
        if type(value) is np.ndarray and not value.size:
            _, *parts = state
            value.__setstate__(_array_state(*parts))
        elif isinstance(value, np.dtype):
            # sizes and kinds only: a dtype with fields or objects crashes whoever reads it
            if state[1] not in ('<', '|', '=') or any(part is not None for part in state[2:5]):
                raise Refused('numpy.dtype with a state')
        elif type(value) is HistoryBuffer:
            _fill(value, state)
        elif type(value) is OrderedDict:
            # a state dict's versions of modules
            if type(state.get('_metadata')) is OrderedDict:
                value._metadata = state['_metadata']
        else:
            raise Refused(f'a state for a {type(value).__name__}')

    def _append(self) -> None:
        _checked(type(self.stack[-2]) is list, 'an item for what is no list')
        super().load_append()

    def _appends(self) -> None:
        _checked(type(self.metastack[-1][-1]) is list, 'items for what is no list')
        super().load_appends()

    def _set_item(self) -> None:
        _checked(type(self.stack[-3]) in _DICTS, 'an item for what is no dict')
        super().load_setitem()

    def _set_items(self) -> None:
        _checked(type(self.metastack[-1][-1]) in _DICTS, 'items for what is no dict')
        super().load_setitems()

    def _add_items(self) -> None:
        _checked(type(self.metastack[-1][-1]) is set, 'items for what is no set')
        super().load_additems()

    def _byte_array(self) -> None:
        size = int.from_bytes(self.read(8), 'little')
        content = self.read(size)
        _checked(len(content) == size, 'it ends early')
        self.append(bytearray(content))

    dispatch = {
        **{getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]]
           for name in OPCODES},
        pickle.REDUCE[0]: _call,
        pickle.NEWOBJ[0]: _call,
        pickle.BUILD[0]: _build,
        pickle.APPEND[0]: _append,
        pickle.APPENDS[0]: _appends,
        pickle.SETITEM[0]: _set_item,
        pickle.SETITEMS[0]: _set_items,
        pickle.ADDITEMS[0]: _add_items,
        pickle.BYTEARRAY8[0]: _byte_array,
    }  # fmt: skip


_DICTS = (dict, OrderedDict, Counter)


def _fill(history: HistoryBuffer, state: Any) -> None:
    """Give a history of losses its numbers."""
    values, counts = state['_log_history'], state['_count_history']
    for numbers in (values, counts):
        _checked(type(numbers) is np.ndarray and numbers.ndim == 1, 'a history without numbers')
    _checked(len(values) == len(counts), 'a history with counts of another length')
    longest = state['max_length']
    _checked(type(longest) is int and longest > 0, 'a history without a length')
    history._log_history, history._count_history = values, counts
    history.max_length = longest
