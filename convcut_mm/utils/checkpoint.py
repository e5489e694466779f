"""Loading checkpoints without running code from them.

A ``.pth`` file is a pickle, and a pickle can run any program. mmengine falls back to unpickling
when torch's safe loading refuses a file (OneDL), or can't load its own checkpoints on torch >= 2.6
(upstream). Importing ``convcut_mm`` replaces both loaders by safe ones: files with tensors and
plain data load, anything else is refused with the reason.
"""

import os
import pickle
import re
import urllib.error
from pathlib import Path
from typing import Any, Optional, Union

import mmengine.dist
import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from torch import nn
from torch.hub import load_state_dict_from_url

from ..errors import ConvcutError

# what mmengine's own checkpoints hold besides tensors: the history of losses, as numpy arrays
_numpy = np._core if hasattr(np, '_core') else np.core
SAFE_GLOBALS = [
    HistoryBuffer,
    np.ndarray,
    np.dtype,
    _numpy.multiarray._reconstruct,
    _numpy.multiarray.scalar,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.uint32)),
    # HistoryBuffer pickles the names of its statistics as attributes of itself
    getattr,
]


def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Loads a checkpoint file without running code from it.

    Args:
        filename (str): Path of the file.
        map_location: As in ``torch.load``.

    Returns:
        dict: The checkpoint.

    Raises:
        ConvcutError: No such file, not a whole checkpoint, or one that needs code to be run.
    """
    filename = os.path.expanduser(filename)
    if not os.path.isfile(filename):
        raise ConvcutError(f'{filename}: no such checkpoint file')
    return _explain(filename, lambda: torch.load(filename, map_location, weights_only=True))


def load_from_http(
    filename: str, map_location: Any = None, model_dir: Optional[str] = None, progress: bool = True
) -> dict:
    """Downloads a checkpoint, once a machine, and loads it without running code from it."""
    rank = mmengine.dist.get_rank()

    def load() -> dict:
        return load_state_dict_from_url(
            filename, model_dir, map_location, progress, weights_only=True
        )

    if rank != 0:
        mmengine.dist.barrier()  # rank 0 downloads, the others find the file
        return _explain(filename, load)
    try:
        return _explain(filename, load)
    finally:
        mmengine.dist.barrier()


def _explain(filename: str, load: Any) -> dict:
    try:
        with torch.serialization.safe_globals(SAFE_GLOBALS):
            checkpoint = load()
    except pickle.UnpicklingError as error:
        refused = refusal(filename, error, 'save it again with tensors and plain data only')
        if refused is not None:
            raise refused from None
        raise ConvcutError(f'{filename}: not a checkpoint file of torch.save') from None
    except (urllib.error.URLError, PermissionError) as error:
        raise ConvcutError(f'{filename}: cannot be read or downloaded ({error})') from None
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        # torch reports a file that was cut short in all of these ways
        line = str(error).strip().splitlines()[0] if str(error).strip() else 'it ends early'
        raise ConvcutError(f'{filename}: not a whole checkpoint file ({line})') from None
    if not isinstance(checkpoint, dict):
        raise ConvcutError(
            f'{filename}: expected a checkpoint with a state_dict, got a '
            f'{type(checkpoint).__name__}'
        )
    return checkpoint


def refusal(path: Union[str, Path], error: Exception, instead: str) -> Optional[ConvcutError]:
    """The error for a file that needs code to be run.

    Args:
        path (str | Path): The file.
        error (Exception): What the unpickler said; it names "GLOBAL module.name".
        instead (str): What the user can do.

    Returns:
        ConvcutError | None: None if the file failed for another reason.
    """
    unsafe = re.search(r'GLOBAL ([\w.]+)', str(error))
    if unsafe is None:
        return None
    return ConvcutError(
        f'{path}: refused, because it needs "{unsafe.group(1)}" and that could run code from the '
        f'file; {instead}'
    )


def mismatch(state_dict: dict, expected: dict, ignore: tuple = ()) -> Optional[str]:
    """Says in a few words how a checkpoint's weights differ from a model's.

    Args:
        state_dict (dict): Weights of the checkpoint.
        expected (dict): Weights of the model.
        ignore (tuple[str]): Prefixes of keys that may differ.

    Returns:
        str | None: None if names and shapes agree.
    """
    # mmengine strips the prefix of wrapped models when it loads
    state_dict = {re.sub(r'^module\.', '', key): value for key, value in state_dict.items()}
    for problem, keys in (
        ('lacks', set(expected) - set(state_dict)),
        ('has the unknown', set(state_dict) - set(expected)),
    ):
        keys = sorted(key for key in keys if not key.startswith(ignore))
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            return f'it {problem} key "{keys[0]}"{more}'
    for key, tensor in expected.items():
        if key.startswith(ignore):
            continue
        if state_dict[key].shape != tensor.shape:
            return (
                f'key "{key}" has shape {tuple(state_dict[key].shape)}, expected '
                f'{tuple(tensor.shape)}'
            )
    return None


def load_whole(model: nn.Module, checkpoint: dict, filename: str, owner: str) -> dict:
    """Loads weights that have to fit a model to the last key.

    Args:
        model (nn.Module): The model.
        checkpoint (dict): What a checkpoint file holds.
        filename (str): What the error calls it.
        owner (str): What the error calls the model: its config or name.

    Returns:
        dict: The checkpoint's ``meta``.

    Raises:
        ConvcutError: Weights of another architecture.
    """
    weights = {
        re.sub(r'^module\.', '', key): value
        for key, value in checkpoint.get('state_dict', checkpoint).items()
    }
    problem = mismatch(weights, model.state_dict())
    if problem:
        raise ConvcutError(
            f'{filename}: a checkpoint of another architecture than {owner}, {problem}'
        )
    model.load_state_dict(weights)
    return checkpoint.get('meta') or {}


def install_safe_loaders() -> None:
    """Makes mmengine load local files and URLs by the functions above."""
    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    CheckpointLoader.register_scheme(
        prefixes=('http://', 'https://'), loader=load_from_http, force=True
    )
