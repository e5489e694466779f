"""Read and write weights as safetensors, with class names as text in the header."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ..errors import ConvcutError
from ..version import __version__
from .text import first_line

SUFFIX = '.safetensors'
KEY = 'convcut_mm'  # key of our metadata in the header
MOST_CLASSES = 10_000
LONGEST_TEXT = 200


def to_safetensors(
    state_dict: dict[str, torch.Tensor], classes: tuple[str, ...] | None, model: str
) -> bytes:
    """Return the content of a file of weights.

    Args:
        state_dict (dict[str, Tensor]): The weights; each is stored by itself.
        classes (tuple[str], optional): Names of the classes.
        model (str): Name of the model or of its config.

    Raises:
        ConvcutError: What :func:`read_safetensors` would refuse.
    """
    about: dict[str, Any] = dict(model=model, version=__version__)
    if classes is not None:
        about['classes'] = list(classes)
    _check(about, state_dict, model)
    return save(state_dict, {'format': 'pt', KEY: json.dumps(about, sort_keys=True)})


def read_safetensors(path: str | os.PathLike, name: str | None = None) -> dict:
    """Read a file of weights.

    Args:
        path (str | PathLike): The file; it may come from another program.
        name (str, optional): What errors call it. Defaults to the path.

    Returns:
        dict: ``state_dict``, on the CPU, and ``meta`` as in mmengine's checkpoints: with
        ``dataset_meta`` if the file names its classes.

    Raises:
        ConvcutError: A damaged file, or metadata of ours that are not as we write them.
    """
    name = str(path) if name is None else name
    try:
        # the library checks that header, sizes and offsets fit the file
        with safe_open(path, 'pt') as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        line = first_line(error)
        raise ConvcutError(f'{name}: not a whole safetensors file ({line})') from None
    if KEY not in metadata:
        return dict(state_dict=tensors, meta={})
    try:
        about = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise ConvcutError(f'{name}: "{KEY}" in its metadata is not JSON ({error})') from None
    _check(about, tensors, name)
    meta = dict(dataset_meta=dict(classes=tuple(about['classes']))) if 'classes' in about else {}
    return dict(state_dict=tensors, meta=meta)


def is_safetensors(path: str | os.PathLike) -> bool:
    """Tell by its name or first bytes whether a file is in the safetensors format."""
    if Path(path).suffix == SUFFIX:
        return True
    with open(path, 'rb') as file:
        return file.read(9)[8:] == b'{'  # eight bytes of length, then JSON


def _check(about: Any, tensors: dict[str, torch.Tensor], name: str) -> None:
    """Check that metadata are as :func:`to_safetensors` writes them."""

    def refuse(what: str) -> None:
        raise ConvcutError(f'{name}: "{KEY}" in its metadata {what}')

    if not isinstance(about, dict) or set(about) - {'classes', 'model', 'version'}:
        refuse('has to hold "classes", "model" and "version" only')
    for key in ('model', 'version'):
        if key in about and not _is_name(about[key]):
            refuse(f'holds a "{key}" that is no short text')
    if 'classes' not in about:
        return
    classes = about['classes']
    if not is_class_list(classes):
        refuse('holds "classes" that are no list of different short names')
    # only the model knows which layer classifies
    if all(len(classes) != len(tensor) for tensor in tensors.values() if tensor.ndim):
        refuse(f'names {len(classes)} classes, but no weights have as many rows')


def is_class_list(classes: Any) -> bool:
    """Tell whether these are class names: a list of short, printable, different texts."""
    return (
        isinstance(classes, list | tuple)
        and 0 < len(classes) <= MOST_CLASSES
        and all(_is_name(each) for each in classes)
        and len(set(classes)) == len(classes)
    )


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT and text.isprintable()
