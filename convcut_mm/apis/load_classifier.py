"""Builds a classifier from the zoo, a config or a model, with weights that fit to the last key."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from mmpretrain import get_model
from mmpretrain.apis import ModelHub
from torch import nn

from .. import zoo
from ..datasets.builder import class_names, is_grey
from ..errors import ConvcutError
from ..utils.checkpoint_fit import load_whole
from ..utils.checks import checked_names, classes_in, compute_device
from ..utils.config import merge_options, read_config
from ..utils.forks import claim_threads
from ..utils.logs import warnings_only
from .classifier import Classifier

# Keras 2 writes HDF5 under each of these names
KERAS = ('.h5', '.hdf5', '.keras')


def load_classifier(
    model: str | Path | Config | nn.Module,
    weights: bool | str | Path | None = True,
    name: str | None = None,
    cfg_options: dict[str, Any] | None = None,
    device: str | torch.device | None = None,
    classes: Sequence[str] | None = None,
    **kwargs: Any,
) -> Classifier:
    """Load a classifier.

    Args:
        model (str | Path | Config | nn.Module): Name in mmpretrain's zoo, config file, config, or
            a model made by ``mmpretrain.get_model``.
        weights (bool | str | Path, optional): True for the weights of that name or of the config's
            ``load_from``; path or URL of a checkpoint, in which code is never run, or a Keras file
            of the released graph; False or None for random ones. A model that is built keeps its
            own, unless a path is given. Defaults to True.
        name (str, optional): What the pictures call it. Defaults to the config's name.
        cfg_options (dict, optional): Settings that override the config's.
        device (str | torch.device, optional): Where it computes. Defaults to a GPU if there is
            one; a model that is built stays where it is.
        classes (Sequence[str], optional): Class names. Defaults to the checkpoint's, else to those
            of the config's test set.
        **kwargs: Settings of the model that override the config's, as in mmpretrain.

    Raises:
        ConvcutError: No such model or file, no weights for the name, weights of another
            architecture, a config without a test set, another number of class names.
    """
    # check the options before loading anything
    is_built = isinstance(model, nn.Module)
    where = None if is_built and device is None else compute_device(device)
    network: Any = model
    config = read_model_config(model, cfg_options)
    file = _weights_file(model, weights, config)
    claim_threads(torch.device('cpu'))  # building a model computes too
    meta = dict(dataset_meta=getattr(model, '_dataset_meta', None))
    if not is_built:
        with warnings_only():
            network = get_model(config, False, **kwargs)
    if file is not None:
        checkpoint = read_checkpoint(file)
        meta = load_whole(network, checkpoint, file, _name(model))
    known = classes_in(meta, file or _name(model))
    trained_on = meta.get('dataset_meta') or {}
    if file is not None and known is not None:
        network._dataset_meta = {**trained_on, 'classes': known}  # as mmpretrain keeps it
    if where is not None:
        network.to(where)
    network.eval()
    number = getattr(getattr(network, 'head', None), 'num_classes', None)
    if classes is None:
        found = known or class_names(config)
        # FERPlus without contempt names one more
        classes = found if number is None else found[:number]
    name = name or Path(_name(model)).name.removesuffix('.py')
    grey = is_grey(config, trained_on)
    return Classifier(name, config, network, checked_names(classes, number), grey)


def read_model_config(
    model: str | Path | Config | nn.Module, cfg_options: dict[str, Any] | None = None
) -> Config:
    """The config of a model, which has a test set.

    Args:
        model (str | Path | Config | nn.Module): See :func:`load_classifier`.
        cfg_options (dict, optional): Settings that override the config's.

    Raises:
        ConvcutError: No such model or file, no config, or one without ``test_dataloader``.
    """
    if isinstance(model, nn.Module):
        config = getattr(model, '_config', None)
        if config is None:
            raise ConvcutError(
                'the model carries no config; build it by mmpretrain.get_model(CONFIG)'
            )
    elif isinstance(model, Config):
        config = copy.deepcopy(model)
    elif isinstance(model, Path) or str(model).endswith('.py'):
        config = read_config(model)
    elif str(model) in zoo.models():
        # ModelHub.get would read the 84 indexes of mmpretrain's own models first
        config = read_config(str(zoo.config_file(str(model))))
    elif ModelHub.has(str(model)):
        config = ModelHub.get(str(model)).config
    else:
        raise ConvcutError(
            f'{model}: no config file (.py) and no model of the zoo; there are '
            f'{", ".join(zoo.models())}'
        )
    merge_options(config, cfg_options)
    if config.get('test_dataloader') is None:
        raise ConvcutError(
            f'{_name(model)}: has no test_dataloader, whose pipeline says how images are prepared'
        )
    return config


def _weights_file(
    model: str | Path | Config | nn.Module, weights: bool | str | Path | None, config: Config
) -> str | None:
    """Path or URL of the weights that are asked for, None for those that the model has."""
    if weights is None or weights is False or (weights is True and isinstance(model, nn.Module)):
        return None
    if weights is not True:
        return os.fspath(weights)
    if isinstance(model, str) and not model.endswith('.py'):
        file, missing = zoo.weights(model), 'no weights come with this model; give a checkpoint'
    else:
        file = config.get('load_from')
        missing = 'a config holds no weights; give the checkpoint too'
    if not file:
        raise ConvcutError(f'{_name(model)}: {missing} (pretrained, --checkpoint)')
    return file


def read_checkpoint(file: str) -> dict:
    """Read a checkpoint, or a Keras file of the released graph, as a checkpoint's content.

    Args:
        file (str): Path or URL. Code in it is never run.

    Raises:
        ConvcutError: The file is missing, damaged, or holds more than data.
    """
    path = os.path.expanduser(file)
    if os.path.isfile(path) and path.lower().endswith(KERAS):
        from ..models.utils.keras_weights import keras_checkpoint  # imports h5py

        return keras_checkpoint(path)
    return CheckpointLoader.load_checkpoint(file, map_location='cpu', logger='silent')


def _name(model: str | Path | Config | nn.Module) -> str:
    """What messages call a model: its config file or its name."""
    if isinstance(model, nn.Module):
        return 'the model'
    return str(getattr(model, 'filename', None) or model)
