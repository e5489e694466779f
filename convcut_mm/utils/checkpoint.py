"""Load checkpoints without running code from them.

A ``.pth`` file is a pickle, and a pickle can run any program. mmengine unpickles what torch's safe
loading refuses (OneDL), or cannot load its own checkpoints on torch >= 2.6 (upstream). Importing
``convcut_mm`` replaces its loaders: files of tensors and plain data load, all others are refused
with the reason.
"""

import os
import pickle
import re
from pathlib import Path, PurePath
from typing import Any

import mmengine.dist
import mmengine.runner.checkpoint
import torch
from mmengine.runner import CheckpointLoader

from ..errors import ConvcutError
from .download import download_file
from .pickle_names import Refused
from .safetensors_file import is_class_list, is_safetensors, read_safetensors
from .torch_file import read_torch_file

# mmengine's names for URLs of its model zoos
_ZOOS = ('modelzoo://', 'torchvision://', 'open-mmlab://', 'openmmlab://', 'mmcls://')


def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Load a checkpoint file without running code from it.

    Args:
        filename (str): Path of the file: of ``torch.save`` or safetensors.
        map_location (Any): Device to move the tensors to. Anything else, such as a function or
            None, leaves them on the CPU.

    Returns:
        dict: The checkpoint.

    Raises:
        ConvcutError: The file is missing, not a whole checkpoint, or needs code to be run.
    """
    filename = os.path.expanduser(filename)
    if not os.path.isfile(filename):
        raise ConvcutError(f'{filename}: no such checkpoint file')
    return _read(filename, filename, map_location)


def load_from_http(
    filename: str, map_location: Any = None, model_dir: str | None = None, progress: bool = True
) -> dict:
    """Download a checkpoint once per machine, and load it without running code from it.

    Args:
        filename (str): URL of the file.
        map_location (Any): See :func:`load_from_local`.
        model_dir (str, optional): Folder to keep the file in. Defaults to torch hub's.
        progress (bool): Show a progress bar. Defaults to True.

    Raises:
        ConvcutError: The download fails, or see :func:`load_from_local`.
    """
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')

    def load() -> dict:
        path = download_file(filename, folder, shown=progress)
        return _read(path, filename, map_location)

    if mmengine.dist.get_rank() != 0:
        mmengine.dist.barrier()  # wait until rank 0 has downloaded the file
        return load()
    try:
        return load()
    finally:
        mmengine.dist.barrier()


def _read(path: str | Path, name: str, map_location: Any) -> dict:
    try:
        if is_safetensors(path):
            checkpoint = read_safetensors(path, name)
        else:
            with open(path, 'rb') as file:
                checkpoint = read_torch_file(file)
    except pickle.UnpicklingError as error:
        instead = 'save it again with tensors and plain data only'
        raise refusal(name, error, instead) or ConvcutError(
            f'{name}: not a whole checkpoint file of torch.save ({error})'
        ) from None
    except OSError as error:
        raise ConvcutError(f'{name}: cannot be read ({error.strerror or error})') from None
    if not isinstance(checkpoint, dict):
        raise ConvcutError(
            f'{name}: expected a checkpoint with a state_dict, got a {type(checkpoint).__name__}'
        )
    _check(checkpoint, name)
    _disarm(checkpoint, Path(path).parent)
    if isinstance(map_location, str | torch.device) and torch.device(map_location).type != 'cpu':
        return _moved(checkpoint, torch.device(map_location), {})
    return checkpoint


def _check(checkpoint: dict, name: str) -> None:
    """Check the types that mmengine and our own code rely on."""
    weights = checkpoint.get('state_dict', {})
    meta = checkpoint.get('meta') or {}
    if not isinstance(weights, dict) or not all(
        isinstance(key, str) and (torch.is_tensor(value) or key.endswith('_extra_state'))
        for key, value in weights.items()
    ):
        raise ConvcutError(f'{name}: its state_dict is not one of tensors by name')
    dataset = meta.get('dataset_meta') or {} if isinstance(meta, dict) else None
    if not isinstance(dataset, dict) or not is_class_list(dataset.get('classes', ('none',))):
        raise ConvcutError(f"{name}: its meta is not mmengine's, or its classes are not names")
    if type(dataset.get('grey', False)) is not bool:
        raise ConvcutError(f'{name}: "grey" in its dataset_meta has to be true or false')


def _disarm(checkpoint: dict, folder: Path) -> None:
    """Remove what mmengine would run or delete: a config as text, paths outside the folder."""
    meta = checkpoint.get('meta')
    if meta:
        meta.pop('config', None)  # mmengine executes it when it resumes
    hub = checkpoint.get('message_hub')
    info = hub.get('runtime_info') if isinstance(hub, dict) else None
    if not isinstance(info, dict):
        return
    # mmengine deletes these files when there are better or newer ones
    for key in list(info):
        if key == 'keep_ckpt_ids':
            info[key] = [step for step in info[key] if type(step) is int]
        elif str(key).startswith(('best_ckpt', 'last_ckpt')):
            beside = folder / PurePath(str(info[key])).name
            if re.fullmatch(r'(best_|epoch_|iter_).*\.pth', beside.name) and beside.is_file():
                info[key] = str(beside)  # the folder may have been moved
            else:
                del info[key]


def _moved(value: Any, device: torch.device, done: dict[int, tuple]) -> Any:
    """Move all tensors, those in a dict or a list in place, shared ones once."""
    if torch.is_tensor(value):
        if id(value) not in done:
            done[id(value)] = value, value.to(device)
        return done[id(value)][1]
    if type(value) is tuple:
        return tuple(_moved(each, device, done) for each in value)
    if isinstance(value, dict | list) and id(value) not in done:
        done[id(value)] = value, value
        for key in value if isinstance(value, dict) else range(len(value)):
            value[key] = _moved(value[key], device, done)
    return value


def refusal(path: str | os.PathLike, error: Exception, instead: str) -> ConvcutError | None:
    """Return the error for a file that needs code to be run.

    Args:
        path (str | PathLike): The file.
        error (Exception): Error of the unpickler.
        instead (str): What the user can do.

    Returns:
        ConvcutError | None: None if the file failed for another reason.
    """
    if not isinstance(error, Refused):
        return None
    return ConvcutError(
        f'{path}: refused, because it needs "{error.name}" and that could run code from the '
        f'file; {instead}'
    )


def check_resumable(filename: str) -> None:
    """Check that training can resume from a file, before anything is written.

    Args:
        filename (str): Path of the file.

    Raises:
        ConvcutError: The file holds weights only, or see :func:`load_from_local`.
    """
    checkpoint = load_from_local(filename, 'cpu')
    meta, hub = checkpoint.get('meta') or {}, checkpoint.get('message_hub')
    if not isinstance(hub, dict) or any(
        type(meta.get(key)) is not int for key in ('epoch', 'iter')
    ):
        raise ConvcutError(
            f'{filename}: holds weights only, so no training can resume from it; to start from '
            'the weights use --pretrained'
        )


def _refuse(filename: str, map_location: Any = None, **kwargs: Any) -> dict:
    raise ConvcutError(f'{filename}: not read from there; download it, and name the local file')


def install_safe_loaders() -> None:
    """Make mmengine load all files and URLs by the functions of this module."""
    loaders = {'': load_from_local, 'http://': load_from_http, 'https://': load_from_http}
    for prefix in list(CheckpointLoader._schemes):
        if prefix not in _ZOOS:
            loader = loaders.get(prefix, _refuse)
            CheckpointLoader.register_scheme(prefixes=prefix, loader=loader, force=True)
    # the loaders of mmengine's zoos call these
    mmengine.runner.checkpoint.load_from_http = load_from_http
    mmengine.runner.checkpoint._safe_torch_load = load_from_local
