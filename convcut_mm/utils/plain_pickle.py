"""Read pickles as data: tensors, arrays and plain containers, without running code from them.

Why not ``torch.load(weights_only=True)``: a file can make it allocate memory of any size; what it
is told to allow holds for the whole process; it refuses the history of losses in mmengine's
checkpoints; and numpy's own constructors, which that history needs, can be made to crash the
interpreter. Here the file calls functions of ``pickle_names.py`` only, no object of the file is
called, and only four types of objects get a state.
"""

import pickle
from collections import Counter, OrderedDict
from collections.abc import Callable
from types import FunctionType
from typing import Any, BinaryIO

import numpy as np
from mmengine.logging import HistoryBuffer

from .pickle_names import NAMES, Damaged, Refused, Storage, array_state, check, fill_history

# the opcodes that data need; any other is refused
_NAMES_OF_OPCODES = """
    PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE
    INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT
    STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
    BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_SET ADDITEMS FROZENSET
    GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE
    GLOBAL STACK_GLOBAL REDUCE NEWOBJ BUILD BINPERSID
""".split()
OPCODES = [getattr(pickle, name)[0] for name in _NAMES_OF_OPCODES]
_DICTS = (dict, OrderedDict, Counter)
# Python's own implementation: a number in a file can make the one in C fill the memory
_Unpickler: Any = pickle._Unpickler  # Any, since its methods are undocumented


class PlainUnpickler(_Unpickler):
    """An unpickler that makes nothing but data.

    Args:
        file (BinaryIO): A file at the start of a pickle; read to the end of the pickle only.
        names (dict[str, Any], optional): What names stand for besides :data:`NAMES`.
        storage (Callable, optional): Returns the :class:`Storage` for a persistent id of torch.
    """

    def __init__(
        self,
        file: BinaryIO,
        names: dict[str, Any] | None = None,
        storage: Callable[[Any], Storage] | None = None,
    ) -> None:
        super().__init__(file, encoding='utf-8')  # for text that Python 2 wrote
        self._names = NAMES if names is None else {**NAMES, **names}
        self._storage = storage

    def load(self) -> Any:
        """Read the pickle.

        Raises:
            Refused: The pickle asks for more than data.
            Damaged: Anything else is wrong with it.
        """
        try:
            return super().load()
        except pickle.UnpicklingError:
            raise
        except (Exception, RecursionError) as error:  # damaged pickles raise any error
            raise Damaged(str(error).strip() or type(error).__name__) from None

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name stands for."""
        # protocol 2 writes the module's name in Python 2
        full = f'{"builtins" if module == "__builtin__" else module}.{name}'
        if full not in self._names:
            raise Refused(full)
        return self._names[full]

    def persistent_load(self, pid: Any) -> Storage:
        """Return the storage for a persistent id."""
        if self._storage is None:
            raise Damaged('a persistent id')
        return self._storage(pid)

    def _call(self) -> None:
        arguments = self.stack.pop()
        make = self.stack[-1]
        check(type(make) is FunctionType, f'a {type(make).__name__} is called')
        self.stack[-1] = make(*arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        value = self.stack[-1]
        if type(value) is np.ndarray and not value.size:
            _, *parts = state
            value.__setstate__(array_state(*parts))
        elif isinstance(value, np.dtype):
            # no fields or objects, which crash the interpreter when they are read
            if state[1] not in ('<', '|', '=') or any(part is not None for part in state[2:5]):
                raise Refused('numpy.dtype with a state')
        elif type(value) is HistoryBuffer:
            fill_history(value, state)
        elif type(value) is OrderedDict:
            # versions of the modules in a state dict
            if type(state.get('_metadata')) is OrderedDict:
                value._metadata = state['_metadata']  # type: ignore[attr-defined]
        else:
            raise Refused(f'a state for a {type(value).__name__}')

    def _append(self) -> None:
        check(type(self.stack[-2]) is list, 'an item for what is no list')
        super().load_append()

    def _appends(self) -> None:
        check(type(self.metastack[-1][-1]) is list, 'items for what is no list')
        super().load_appends()

    def _set_item(self) -> None:
        check(type(self.stack[-3]) in _DICTS, 'an item for what is no dict')
        super().load_setitem()

    def _set_items(self) -> None:
        check(type(self.metastack[-1][-1]) in _DICTS, 'items for what is no dict')
        super().load_setitems()

    def _add_items(self) -> None:
        check(type(self.metastack[-1][-1]) is set, 'items for what is no set')
        super().load_additems()

    def _byte_array(self) -> None:
        size = int.from_bytes(self.read(8), 'little')
        content = self.read(size)
        check(len(content) == size, 'it ends early')
        self.append(bytearray(content))

    dispatch = {
        **{code: _Unpickler.dispatch[code] for code in OPCODES},
        pickle.REDUCE[0]: _call,
        pickle.NEWOBJ[0]: _call,
        pickle.BUILD[0]: _build,
        pickle.APPEND[0]: _append,
        pickle.APPENDS[0]: _appends,
        pickle.SETITEM[0]: _set_item,
        pickle.SETITEMS[0]: _set_items,
        pickle.ADDITEMS[0]: _add_items,
        pickle.BYTEARRAY8[0]: _byte_array,
    }
