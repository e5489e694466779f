"""What names in a pickle stand for: functions of ours that make tensors, arrays, containers.

A name in a file stands for a function or type in :data:`NAMES`, or the file is refused. Nothing is
looked up in a module. Each function checks its arguments, which come from the file.
"""

import math
import pickle
from collections import Counter, OrderedDict
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

# types without objects and fields
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
    """A pickle that asks for more than data, namely for ``name``."""

    def __init__(self, name: str) -> None:
        super().__init__(f'it needs "{name}"')
        self.name = name


class Damaged(pickle.UnpicklingError):
    """A pickle whose parts do not fit together."""


class Storage:
    """The numbers that tensors are views of, as a flat tensor."""

    __slots__ = ('flat',)

    def __init__(self, flat: torch.Tensor) -> None:
        self.flat = flat


def check(fits: bool, problem: str) -> None:
    """Raise :class:`Damaged` with the problem unless the parts fit."""
    if not fits:
        raise Damaged(problem)


def _bytes(text: Any, encoding: Any) -> bytes:
    # protocol 2, which torch and mmengine write, stores bytes as text
    check(type(text) is str and encoding == 'latin1', f'bytes as {encoding}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    return b''  # protocol 2 calls bytes() for them


def _ordered_dict(items: Any = ()) -> OrderedDict:
    check(type(items) in (list, tuple), 'an OrderedDict without items')
    return OrderedDict(items)


def _counter(items: Any = ()) -> Counter:
    check(type(items) in (dict, tuple), 'a Counter without items')
    return Counter(items)


def _set(items: Any = ()) -> set[Any]:
    check(type(items) in (list, tuple), 'a set without items')
    return set(items)


def _frozenset(items: Any = ()) -> frozenset:
    return frozenset(_set(items))


def _dtype(name: Any, *_: Any) -> np.dtype:
    if type(name) is not str or name not in DTYPES:
        raise Refused(f'numpy.dtype({str(name)[:40]!r})')
    return DTYPES[name]


def _empty_array(*_: Any) -> np.ndarray:
    return np.empty(0, np.uint8)  # its state brings shape and content


def array_state(shape: Any, dtype: Any, fortran: Any, content: Any) -> tuple[Any, ...]:
    """Check the state of an array, and return it as numpy's ``__setstate__`` takes it."""
    check(isinstance(dtype, np.dtype) and type(content) in (bytes, bytearray), 'an array')
    check(_are_sizes(shape), 'an array without a shape')
    check(
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
    array.__setstate__(array_state(shape, dtype, order == 'F', content))
    return array


def _scalar(dtype: Any, content: Any) -> Any:
    return _array_from_buffer(content, dtype, (), 'C')[()]


def _history() -> HistoryBuffer:
    return HistoryBuffer()  # its state brings the content


def _statistic(owner: Any, name: Any) -> None:
    # HistoryBuffer stores getattr(HistoryBuffer, 'mean'); a new buffer has its methods anyway
    if owner is not _history or name not in ('min', 'max', 'current', 'mean'):
        raise Refused('builtins.getattr')


def _device(kind: Any, *index: Any) -> torch.device:
    check(type(kind) is str and all(type(each) is int for each in index), 'a device')
    return torch.device(kind, *index)


def _size(sides: Any = ()) -> torch.Size:
    check(_are_sizes(tuple(sides)), 'a size')
    return torch.Size(sides)


def _tensor(
    storage: Any, offset: Any, shape: Any, steps: Any, grad: Any = False, *rest: Any
) -> torch.Tensor:
    """Make a view of a storage, which has to hold all of it."""
    check(type(storage) is Storage, 'a tensor without a storage')
    check(_are_sizes(shape) and _are_sizes(steps), 'a tensor without a shape')
    check(_are_sizes((offset,)) and len(shape) == len(steps), 'a tensor without a place')
    if len(rest) > 1 and rest[1]:
        raise Refused('a tensor that is conjugated or negated')
    count, held = math.prod(shape), len(storage.flat)
    last = offset + sum((side - 1) * step for side, step in zip(shape, steps, strict=True))
    # no more elements than numbers either: with steps of 0 one number makes terabytes
    check(
        not count or (last < held and count <= held),
        f'a tensor of shape {tuple(shape)} in a storage of {held} numbers',
    )
    if not count:
        return storage.flat.new_empty(shape)
    view = storage.flat.as_strided(shape, steps, offset)
    return view.requires_grad_() if grad is True and view.is_floating_point() else view


def _parameter(tensor: Any, grad: Any = True, *_: Any) -> torch.nn.Parameter:
    check(type(tensor) is torch.Tensor, 'a parameter without a tensor')
    return torch.nn.Parameter(tensor.detach(), grad is True and tensor.is_floating_point())


def fill_history(history: HistoryBuffer, state: Any) -> None:
    """Fill a history of losses with the numbers of its state."""
    values, counts = state['_log_history'], state['_count_history']
    for numbers in (values, counts):
        check(type(numbers) is np.ndarray and numbers.ndim == 1, 'a history without numbers')
    check(len(values) == len(counts), 'a history with counts of another length')
    longest = state['max_length']
    check(type(longest) is int and longest > 0, 'a history without a length')
    history._log_history, history._count_history = values, counts
    history.max_length = longest


# a function, which a file can call, or a value, for each name
NAMES: dict[str, Any] = {
    'collections.OrderedDict': _ordered_dict,
    'collections.Counter': _counter,  # milestones of a scheduler
    'builtins.set': _set,
    'builtins.frozenset': _frozenset,
    'builtins.bytes': _no_bytes,
    'builtins.getattr': _statistic,
    '_codecs.encode': _bytes,
    'numpy.ndarray': _empty_array,
    'numpy.dtype': _dtype,
    # numpy 2 moved its modules
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
