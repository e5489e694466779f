"""The model behind an inferencer: built, with weights that fit, and what it wants to see."""

import os
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import torch
from mmengine.runner import CheckpointLoader
from mmpretrain import get_model, list_models
from mmpretrain.apis import ModelHub
from torch import nn

from ..errors import ConvcutError
from ..utils.checkpoint_fit import load_whole
from ..utils.checks import checked_class_names, classes_in, compute_device
from ..utils.config import read_config
from ..utils.forks import claim_threads
from ..utils.logs import warnings_only
from ..zoo import models as zoo_models


def load_model(
    model: Any, pretrained: Union[bool, str, Path, None], device: Optional[str], **kwargs
) -> nn.Module:
    """Builds a model in eval mode.

    Args:
        model (str | Path | Config | nn.Module): Name in mmpretrain's zoo, config file, config, or
            a model made by ``mmpretrain.get_model``.
        pretrained (bool | str | Path, optional): True for the weights of that name; path or URL of
            a checkpoint, whose every key has to fit; False or None for random weights.
        device (str, optional): Where it computes. Defaults to a GPU if there is one; a model that
            is given stays where it is.
        **kwargs: Settings of the model that override the config's, as in mmpretrain.

    Raises:
        ConvcutError: No such model or file, no weights for the name, weights of another
            architecture.
    """
    is_network = isinstance(model, nn.Module)
    # a mistake is told before anything is loaded
    device = None if is_network and device is None else compute_device(device)
    # building a model computes: in a fork as little as using it
    claim_threads(torch.device('cpu'))
    of_file = pretrained is not None and not isinstance(pretrained, bool)
    name = str(getattr(model, 'filename', None) or model)
    if is_network:
        network, name = model, 'the model'
        if not hasattr(network, '_config'):
            raise ConvcutError(
                'the model carries no config; build it by mmpretrain.get_model(CONFIG)'
            )
    else:
        model = _check_name(model, pretrained)
        with warnings_only():
            network = get_model(model, False if of_file else pretrained, **kwargs)
    if of_file:
        weights = CheckpointLoader.load_checkpoint(
            os.fspath(pretrained), map_location='cpu', logger='silent'
        )
        meta = load_whole(network, weights, os.fspath(pretrained), name)
        classes = classes_in(meta, os.fspath(pretrained))
        if classes is not None:
            network._dataset_meta = dict(classes=classes, grey=meta['dataset_meta'].get('grey'))
    if device is not None:
        network.to(device)
    network.eval()  # mmpretrain's ConvNeXt gives None here
    return network


def _check_name(model: Any, pretrained: Union[bool, str, Path, None]) -> Any:
    if isinstance(model, Path) or (isinstance(model, str) and model.endswith('.py')):
        config = read_config(model)
        if pretrained is True and not config.get('load_from'):
            raise ConvcutError(
                f'{model}: a config holds no weights; give the checkpoint too '
                '(pretrained, --checkpoint)'
            )
        return config
    if not isinstance(model, str):
        return model
    if model not in list_models():
        raise ConvcutError(
            f'{model}: no config file (.py) and no model of the zoo; there are '
            f'{", ".join(zoo_models())}'
        )
    if pretrained is True and not ModelHub.get(model).weights:
        raise ConvcutError(
            f'{model}: no weights come with this model; give a checkpoint (pretrained, '
            '--checkpoint)'
        )
    return model


def class_names(network: nn.Module, classes: Optional[Any] = None) -> tuple:
    """Class names: those given, the checkpoint's, or those of the config's test set.

    Raises:
        ConvcutError: None are known, another number than the model has, or no names.
    """
    number = getattr(network.head, 'num_classes', None)
    if classes is not None:
        return given_names(classes, number)
    known = classes_in({'dataset_meta': getattr(network, '_dataset_meta', None)}, 'the model')
    if known is None:
        raise ConvcutError('the names of the classes are not known; give them (classes)')
    if number is not None and len(known) > number:
        return known[:number]  # FERPlus without contempt
    return given_names(known, number)


def given_names(classes: Any, number: int | None) -> tuple[str, ...]:
    """Class names that a user gives.

    Args:
        classes (Sequence[str]): The names.
        number (int, optional): Of the model's classes, None if that is not known.

    Raises:
        ConvcutError: Another number of names, or no names; see :func:`checked_class_names`.
    """
    # a string is a sequence of letters, and arrays and such are sequences of names
    known = checked_class_names(classes if isinstance(classes, str) else list(classes), 'classes')
    if number is not None and number != len(known):
        raise ConvcutError(f'{len(known)} class names for a model with {number} classes')
    return known


def input_view(pipeline: Any) -> tuple:
    """What a test pipeline makes of a face image.

    Args:
        pipeline (callable): mmpretrain's transforms after the image is loaded.

    Returns:
        tuple[int, float]: Side of the result in pixels, and the share of the image's side that it
        shows: below 1 where the pipeline cuts the middle out.

    Raises:
        ConvcutError: The result is not square.
    """
    # an image whose colours are its coordinates; 100 pixels are RAF-DB's, for crops in pixels
    side = 100
    columns, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side))
    image = np.stack([columns, rows.astype(np.float32), columns], axis=2)
    shape = image.shape[:2]
    result = pipeline(dict(img=image, img_shape=shape, ori_shape=shape))['inputs']
    height, width = result.shape[-2:]
    if height != width:
        raise ConvcutError(
            f'the test pipeline gives {width}x{height} pixels, expected a square; put a Resize '
            'to one size into it'
        )
    quarter = width // 4  # borders repeat pixels, the middle does not
    line = result[0, height // 2].float()
    step = float(line[width - 1 - quarter] - line[quarter]) / (width - 1 - 2 * quarter)
    return width, min(1.0, round(step * width / side, 3))
