"""Reading files of predictions without running code from them.

``tools/test.py --out`` and mmpretrain's own test.py write a plain pickle, and a pickle can run any
program. This reader knows tensors, numpy arrays and Python's containers by name; anything else is
refused with the reason.
"""

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, Union

import numpy as np
import torch

from ..errors import ConvcutError
from ..utils.checkpoint import refusal


def _storage(content: bytes) -> Any:
    # torch.storage._load_from_bytes does the same with weights_only=False, which runs code
    return torch.load(io.BytesIO(content), map_location='cpu', weights_only=True)


def _bytes(text: str, encoding: str) -> bytes:
    # how protocol 2, which mmengine writes, spells bytes
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'bytes as {encoding}')
    return text.encode('latin1')


_numpy = np._core if hasattr(np, '_core') else np.core
_BUILTINS = {'bytes': bytes, 'set': set, 'frozenset': frozenset}
ALLOWED = {
    ('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
    ('torch.storage', '_load_from_bytes'): _storage,
    ('torch', 'Size'): torch.Size,
    ('collections', 'OrderedDict'): OrderedDict,
    ('_codecs', 'encode'): _bytes,
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    # numpy 2 moved its modules; either may have written the file
    **{
        (f'numpy.{core}.multiarray', name): getattr(_numpy.multiarray, name)
        for core in ('core', '_core')
        for name in ('_reconstruct', 'scalar')
    },
    # protocol 2 writes Python 2's name of the module
    **{
        (module, name): kind
        for module in ('builtins', '__builtin__')
        for name, kind in _BUILTINS.items()
    },
}


class _SafeUnpickler(pickle.Unpickler):
    """Finds by name only what is allowed."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f'GLOBAL {module}.{name}')
        return ALLOWED[module, name]


def load_pickle(path: Union[str, Path]) -> Any:
    """Loads a pickle of tensors, numpy arrays and containers without running code from it.

    Args:
        path (str | Path): The file.

    Returns:
        The object; tensors are on the CPU.

    Raises:
        ConvcutError: No such file, not a whole pickle, or one that needs anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file of predictions')
    content = path.read_bytes()
    try:
        return _SafeUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # a damaged pickle fails in any way
        refused = refusal(path, error, 'expected what tools/test.py --out writes')
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise refused or ConvcutError(
            f'{path}: not a whole file of predictions ({line})'
        ) from None
