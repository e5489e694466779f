"""Loading checkpoints without running code from them.

A ``.pth`` file is a pickle, and a pickle can run any program. mmengine falls back to unpickling
when torch's safe loading refuses a file (OneDL), or can't load its own checkpoints on torch >= 2.6
(upstream). Importing ``convcut_mm`` replaces its loaders by safe ones: files with tensors and
plain data load, anything else is refused with the reason.
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
from torch import nn

from ..errors import ConvcutError
from .download import download_file
from .plain_pickle import Refused
from .safetensors_file import is_class_list, is_safetensors, read_safetensors
from .torch_file import read_torch_file

# mmengine's names for URLs of its model zoos
_ZOOS = ('modelzoo://', 'torchvision://', 'open-mmlab://', 'openmmlab://', 'mmcls://')


def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Load a checkpoint file without running code from it.

    Args:
        filename (str): Path of the file: of ``torch.save`` or safetensors.
        map_location: Device that the tensors are moved to. Anything else, such as a function or
            None, leaves them on the CPU.

    Returns:
        dict: The checkpoint.

    Raises:
        ConvcutError: No such file, not a whole checkpoint, or one that needs code to be run.
    """
    filename = os.path.expanduser(filename)
    if not os.path.isfile(filename):
        raise ConvcutError(f'{filename}: no such checkpoint file')
    return _read(filename, filename, map_location)


def load_from_http(
    filename: str, map_location: Any = None, model_dir: str | None = None, progress: bool = True
) -> dict:
    """Download a checkpoint, once a machine, and loads it without running code from it."""
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')

    def load() -> dict:
        path = download_file(filename, folder, shown=progress)
        return _read(path, filename, map_location)

    if mmengine.dist.get_rank() != 0:
        mmengine.dist.barrier()  # rank 0 downloads, the others find the file
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
    _tame(checkpoint, name, Path(path).parent)
    if isinstance(map_location, str | torch.device) and torch.device(map_location).type != 'cpu':
        return _moved(checkpoint, torch.device(map_location), {})
    return checkpoint


def _tame(checkpoint: dict, name: str, folder: Path) -> None:
    """Check what others rely on, and takes away what mmengine would act upon."""
    weights, meta = checkpoint.get('state_dict', {}), checkpoint.get('meta') or {}
    if not isinstance(weights, dict) or not all(
        isinstance(key, str) and (torch.is_tensor(value) or key.endswith('_extra_state'))
        for key, value in weights.items()
    ):
        raise ConvcutError(f'{name}: its state_dict is not one of tensors by name')
    dataset = meta.get('dataset_meta') or {} if isinstance(meta, dict) else None
    if not isinstance(dataset, dict) or not is_class_list(dataset.get('classes', ('none',))):
        raise ConvcutError(f'{name}: its meta is none of mmengine, or its classes are no names')
    if type(dataset.get('grey', False)) is not bool:
        raise ConvcutError(f'{name}: "grey" in its dataset_meta has to be true or false')
    # a config as text, which mmengine would execute when it resumes
    meta.pop('config', None)
    # files that mmengine would delete once there are better ones
    hub = checkpoint.get('message_hub')
    info = hub.get('runtime_info') if isinstance(hub, dict) else None
    for key in list(info) if isinstance(info, dict) else ():
        if key == 'keep_ckpt_ids':
            info[key] = [step for step in info[key] if type(step) is int]
        elif str(key).startswith(('best_ckpt', 'last_ckpt')):
            beside = folder / PurePath(str(info[key])).name
            if re.fullmatch(r'(best_|epoch_|iter_).*\.pth', beside.name) and beside.is_file():
                info[key] = str(beside)  # also right where the folder was moved
            else:
                del info[key]


def _moved(value: Any, device: torch.device, done: dict) -> Any:
    """Move all tensors, in place where they stand in a dict or a list; shared ones once."""
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
    """The error for a file that needs code to be run.

    Args:
        path (str | PathLike): The file.
        error (Exception): What the unpickler said.
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
    """Refuse a file that no training can go on from, before anything is written.

    Args:
        filename (str): Path of the file.

    Raises:
        ConvcutError: As for :func:`load_from_local`, or it holds weights only.
    """
    checkpoint = load_from_local(filename, 'cpu')
    meta, hub = checkpoint.get('meta') or {}, checkpoint.get('message_hub')
    if not isinstance(hub, dict) or any(
        type(meta.get(key)) is not int for key in ('epoch', 'iter')
    ):
        raise ConvcutError(
            f'{filename}: holds weights only, so no training can go on from it; to start from '
            'them use --pretrained'
        )


def check_fits(
    checkpoint: dict,
    model: nn.Module,
    filename: str,
    problem: str = 'a checkpoint of another architecture than the config',
    ignore: tuple[str, ...] = (),
) -> dict[str, torch.Tensor]:
    """Compares names and shapes of a checkpoint's weights with a model's, to the last key.

    Args:
        checkpoint (dict): What a checkpoint file holds, or its weights alone.
        model (nn.Module): The model.
        filename (str): What the error calls the checkpoint.
        problem (str): What the error says is wrong with it. Defaults to another architecture.
        ignore (tuple[str]): Prefixes of keys that may differ. Defaults to ().

    Returns:
        dict[str, Tensor]: The weights, without the prefix of wrapped models.

    Raises:
        ConvcutError: They differ; names the first key that does.
    """
    # mmengine strips the prefix of wrapped models when it loads
    weights = {
        re.sub(r'^module\.', '', key): value
        for key, value in checkpoint.get('state_dict', checkpoint).items()
    }
    difference = _difference(weights, model.state_dict(), ignore)
    if difference is not None:
        raise ConvcutError(f'{filename}: {problem}, {difference}')
    return weights


def _difference(weights: dict, expected: dict, ignore: tuple[str, ...]) -> str | None:
    """The first key in which weights differ from the expected ones, in a few words."""
    for what, names in (
        ('lacks', set(expected) - set(weights)),
        ('has the unknown', set(weights) - set(expected)),
    ):
        keys = sorted(key for key in names if not key.startswith(ignore))
        if keys:
            more = f' and {len(keys) - 1} more' if len(keys) > 1 else ''
            return f'it {what} key "{keys[0]}"{more}'
    for key, tensor in expected.items():
        if not key.startswith(ignore) and weights[key].shape != tensor.shape:
            found, wanted = tuple(weights[key].shape), tuple(tensor.shape)
            return f'key "{key}" has shape {found}, expected {wanted}'
    return None


def load_whole(model: nn.Module, checkpoint: dict, filename: str, owner: str) -> dict:
    """Load weights that have to fit a model to the last key.

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
    problem = f'a checkpoint of another architecture than {owner}'
    model.load_state_dict(check_fits(checkpoint, model, filename, problem))
    return checkpoint.get('meta') or {}


def _refuse(filename: str, map_location: Any = None, **kwargs: Any) -> dict:
    raise ConvcutError(f'{filename}: not read from there; download it, and give the file')


def install_safe_loaders() -> None:
    """Make mmengine load files and URLs by the functions above, whatever its name for them."""
    loaders = {'': load_from_local, 'http://': load_from_http, 'https://': load_from_http}
    for prefix in list(CheckpointLoader._schemes):
        if prefix not in _ZOOS:
            loader = loaders.get(prefix, _refuse)
            CheckpointLoader.register_scheme(prefixes=prefix, loader=loader, force=True)
    # its zoos look a URL up, and then call these
    mmengine.runner.checkpoint.load_from_http = load_from_http
    mmengine.runner.checkpoint._safe_torch_load = load_from_local
