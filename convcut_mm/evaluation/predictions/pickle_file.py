"""Read pickles of predictions without running code from them.

``tools/test.py --out`` and mmpretrain's own test.py write pickles, and unpickling can run any
program; see ``utils/plain_pickle.py``.
"""

import io
import pickle
from pathlib import Path
from typing import Any

from ...errors import ConvcutError
from ...utils.checkpoint import refusal
from ...utils.pickle_names import Damaged
from ...utils.plain_pickle import PlainUnpickler
from ...utils.torch_file import read_torch_file


def _storage(content: Any) -> Any:
    # a plain pickle holds a tensor's values as a nested file of torch.save
    if type(content) is not bytes:
        raise Damaged('a storage without content')
    return read_torch_file(io.BytesIO(content))


NAMES = {'torch.storage._load_from_bytes': _storage}


def load_pickle(path: str | Path) -> Any:
    """Load a pickle of tensors, numpy arrays and containers without running code from it.

    Args:
        path (str | Path): The file.

    Returns:
        The object; tensors are on the CPU.

    Raises:
        ConvcutError: No such file, or it is damaged or holds anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise ConvcutError(f'{path}: no such file of predictions')
    try:
        return PlainUnpickler(io.BytesIO(path.read_bytes()), NAMES).load()
    except pickle.UnpicklingError as error:
        raise refusal(path, error, 'expected what tools/test.py --out writes') or ConvcutError(
            f'{path}: not a whole file of predictions ({str(error).splitlines()[0]})'
        ) from None
