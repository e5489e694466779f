"""Weights of the released graph from a Keras file, under the names of this package's parts."""

import re
import zipfile
from pathlib import Path

import numpy as np
import torch

from ...errors import ConvcutError
from ...utils.keras_file import read_keras

# Keras layer name, without the model's name -> module below 'backbone.'
BACKBONE = (
    (r'stem_conv', 'downsample_layers.0.0'),
    (r'stem_layernorm', 'downsample_layers.0.1'),
    (r'downsampling_layernorm_(\d+)', 'downsample_layers.{}.0'),
    (r'downsampling_conv_(\d+)', 'downsample_layers.{}.1'),
    (r'stage_(\d+)_block_(\d+)_depthwise_conv', 'stages.{}.{}.depthwise_conv'),
    (r'stage_(\d+)_block_(\d+)_layernorm', 'stages.{}.{}.norm'),
    (r'stage_(\d+)_block_(\d+)_pointwise_conv_(\d)', 'stages.{}.{}.pointwise_conv{}'),
    (r'stage_(\d+)_block_(\d+)_layer_scale', 'stages.{}.{}'),
)
# Keras numbers the layers of a session: 'dense', 'dense_1', ...; the number is ignored
HEAD = (
    (r'layernorm(?:_\d+)?|layer_normalization(?:_\d+)?', 'neck.norm'),
    (r'dense(?:_\d+)?', 'head.embedding.fc'),
    (r'batch_normalization(?:_\d+)?', 'head.embedding.norm'),
    (r'attention(?:_\d+)?', 'head.attention'),
    (r'classification_head(?:_\d+)?', 'head.fc'),
)
LEAVES = {
    'kernel': 'weight',
    'gamma': 'weight',
    'beta': 'bias',
    'bias': 'bias',
    'scale': 'scale',
    'moving_mean': 'running_mean',
    'moving_variance': 'running_var',
}


def keras_checkpoint(path: str | Path) -> dict:
    """Read a Keras file of the released graph as a checkpoint of mmpretrain.

    Args:
        path (str | Path): HDF5 file of weights or of a whole model (Keras 2).

    Returns:
        dict: ``state_dict`` of an ``ImageClassifier`` and ``meta``.

    Raises:
        ConvcutError: Not a whole HDF5 file of Keras, it holds anything but numbers, or it is not
            of the released graph.
    """
    path = str(path)
    if Path(path).is_file() and zipfile.is_zipfile(path):
        raise ConvcutError(
            f'{path}: an archive of Keras 3, which does not name its weights; save them with '
            "Keras 2: model.save_weights('NAME.h5')"
        )
    state = released_state_dict(read_keras(path), path)
    return dict(state_dict=state, meta=dict(converted_from=Path(path).name))


def released_state_dict(weights: dict[str, np.ndarray], path: str) -> dict[str, torch.Tensor]:
    """Rename and transpose Keras weights.

    Args:
        weights (dict[str, ndarray]): What ``read_keras`` returned.
        path (str): Their file, for error messages.

    Returns:
        dict[str, Tensor]: A state dict of ``ImageClassifier``.

    Raises:
        ConvcutError: A weight is not of the released graph, or one of its weights is missing.
    """
    separable = sorted(
        {name.split('/')[0] for name in weights if name.startswith('separable_')},
        key=lambda name: int((re.findall(r'_(\d+)$', name) or ['0'])[0]),
    )
    state: dict[str, torch.Tensor] = {}
    for name, value in weights.items():
        layer, leaf = name.split('/')
        key = _key(layer, leaf, separable)
        if key is None:
            newer = ' (Keras 3 writes such names; use Keras 2)' if leaf.isdecimal() else ''
            raise ConvcutError(f'{path}: {name!r} is not a weight of the released graph{newer}')
        if key in state:
            raise ConvcutError(
                f'{path}: {name!r} is a second weight for "{key}", so this is not the released '
                'graph'
            )
        if value.ndim not in ((4,) if leaf == 'depthwise_kernel' else (0, 1, 2, 4)):
            raise ConvcutError(f'{path}: {name!r} has {value.ndim} dimensions')
        value = value.astype(value.dtype.newbyteorder('='), copy=False)
        # not ascontiguousarray, which makes a vector of a number
        state[key] = torch.from_numpy(np.array(_transpose(leaf, value), order='C'))
    state['head.embedding.norm.num_batches_tracked'] = torch.tensor(0)  # Keras keeps no count
    for key in (
        'backbone.downsample_layers.0.0.weight',
        'neck.convs.0.depthwise.weight',
        'neck.convs.1.depthwise.weight',
        'head.embedding.fc.weight',
        'head.embedding.norm.weight',
        'head.attention.scale',
        'head.fc.weight',
    ):
        if key not in state:
            raise ConvcutError(
                f'{path}: has no weight for "{key}", so this is not the released graph'
            )
    return state


def _key(layer: str, leaf: str, separable: list[str]) -> str | None:
    if layer in separable:
        part = 'depthwise' if leaf == 'depthwise_kernel' else 'pointwise'
        end = 'bias' if leaf == 'bias' else 'weight'
        return f'neck.convs.{separable.index(layer)}.{part}.{end}'
    for pattern, module in HEAD:
        if re.fullmatch(pattern, layer) and leaf in LEAVES:
            return f'{module}.{LEAVES[leaf]}'
    for pattern, module in BACKBONE:
        match = re.fullmatch(rf'convnext_\w+?_{pattern}', layer)
        if match and leaf in LEAVES:
            numbers = [int(number) for number in match.groups()]
            if 'downsampling' in pattern:
                numbers = [numbers[0] + 1]  # mmpretrain counts the stem as the first
            module = 'backbone.' + module.format(*numbers)
            return f'{module}.gamma' if 'layer_scale' in pattern else f'{module}.{LEAVES[leaf]}'
    return None


def _transpose(leaf: str, value: np.ndarray) -> np.ndarray:
    if leaf == 'depthwise_kernel':  # H, W, C, 1 -> C, 1, H, W
        return value.transpose(2, 3, 0, 1)
    if value.ndim == 4:  # H, W, in, out -> out, in, H, W
        return value.transpose(3, 2, 0, 1)
    return value.T if value.ndim == 2 else value
