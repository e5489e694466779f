"""Convert Keras weights of the released Conv-cut graph to a checkpoint for mmpretrain.

    python tools/model_converters/convcut_to_mmpretrain.py SRC.h5 DST.pth

SRC is a file of weights or of a whole model (HDF5, Keras 2) of the released graph at any scale.
The checkpoint fits the configs convcut-released-base_* (Base) and convcut-released-atto_rafdb
(atto). Graphs without the LayerNorm after the convolutions (the authors' fine-tuning and
evaluation graphs) need --cfg-options model.neck.norm_cfg=None.
"""

import argparse
import io
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch

from convcut_mm.cli.options import check_not_input
from convcut_mm.cli.parser import ToolParser
from convcut_mm.cli.run import run_tool
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

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

# Keras does not compress, so that contents far larger than the file are an attack
MOST_TIMES = 4
SPARE = 2**20  # bytes
DEEPEST = 16  # nested groups


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('src', help='Keras HDF5 file')
    parser.add_argument('dst', help='checkpoint to write (.pth)')
    return parser.parse_args()


def read_keras(path: str) -> dict[str, np.ndarray]:
    """Read every weight of a Keras HDF5 file.

    HDF5 can read contents from other files, by links, virtual data sets and external storage.
    Keras writes none of these, and all are refused.

    Args:
        path (str): File of weights or of a whole model.

    Returns:
        dict[str, ndarray]: Weights by '<layer>/<weight>', without the ':0' of the graph.

    Raises:
        ConvcutError: Not such a file, or it holds anything but numbers.
    """
    if not Path(path).is_file():
        raise ConvcutError(f'{path}: no such file')
    weights: dict[str, np.ndarray] = {}
    left = MOST_TIMES * Path(path).stat().st_size + SPARE
    try:
        with h5py.File(path, 'r') as file:
            # a whole model may hold the optimizer's state too
            whole = 'model_weights' in list(file)
            top = _linked(file, 'model_weights', path) if whole else file
            if not isinstance(top, h5py.Group):
                raise ConvcutError(f'{path}: "model_weights" is not a group')
            for name, item in _datasets(top, path, (), set()):
                left -= item.nbytes
                if left < 0:
                    raise ConvcutError(
                        f'{path}: the weights up to {name!r} are larger than the file, and Keras '
                        'does not compress'
                    )
                layer, leaf = name.split('/')[-2:]
                weights[f'{layer}/{leaf.split(":")[0]}'] = item[()]
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        if isinstance(error, ConvcutError):
            raise
        raise ConvcutError(f'{path}: not a whole HDF5 file of Keras ({error})') from None
    return weights


def _linked(group: h5py.Group, name: str, path: str) -> object:
    """Return the item of a group, unless it is a link to another place."""
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ConvcutError(
            f'{path}: {name!r} is a link to another place ({type(link).__name__}), which Keras '
            'does not write'
        )
    return group[name]


def _datasets(
    group: h5py.Group, path: str, above: tuple[str, ...], seen: set
) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield name and data set of all data sets in a group and below it."""
    place = h5py.h5o.get_info(group.id).addr
    if place in seen or len(above) > DEEPEST:
        problem = 'is in the file twice' if place in seen else 'is nested too deep'
        raise ConvcutError(f'{path}: the group {"/".join(above)!r} {problem}')
    seen.add(place)
    for part in group:
        item, names = _linked(group, part, path), (*above, part)
        name = '/'.join(names)
        if isinstance(item, h5py.Group):
            yield from _datasets(item, path, names, seen)
        elif isinstance(item, h5py.Dataset):
            if len(names) < 2:
                raise ConvcutError(f'{path}: {name!r} is outside of any layer')
            if item.is_virtual or item.external:
                raise ConvcutError(
                    f'{path}: {name!r} reads its numbers from other files, which Keras does not '
                    'write'
                )
            if item.shape is None or item.dtype.kind not in 'fiu' or item.dtype.itemsize > 8:
                raise ConvcutError(f'{path}: {name!r} is not an array of numbers')
            yield name, item


def convert(weights: dict[str, np.ndarray], path: str) -> dict[str, torch.Tensor]:
    """Rename and transpose Keras weights.

    Args:
        weights (dict[str, ndarray]): What :func:`read_keras` returned.
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
    state = {}
    for name, value in weights.items():
        layer, leaf = name.split('/')
        key = _key(layer, leaf, separable)
        if key is None:
            raise ConvcutError(f'{path}: {name!r} is not a weight of the released graph')
        if value.ndim not in ((4,) if leaf == 'depthwise_kernel' else (0, 1, 2, 4)):
            raise ConvcutError(f'{path}: {name!r} has {value.ndim} dimensions')
        value = value.astype(value.dtype.newbyteorder('='), copy=False)
        state[key] = torch.from_numpy(np.ascontiguousarray(_transpose(leaf, value)))
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


def main() -> None:
    args = parse_args()
    check_not_input(args.dst, args.src)
    state = convert(read_keras(args.src), args.src)
    buffer = io.BytesIO()
    torch.save(dict(state_dict=state, meta=dict(converted_from=Path(args.src).name)), buffer)
    write_atomically(args.dst, buffer.getvalue())
    blocks = {key.split('.')[3] for key in state if key.startswith('backbone.stages.2.')}
    print(
        f'{args.dst}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} values, '
        f'{len(blocks)} blocks in stage three (the last one cut), '
        f'{state["head.fc.weight"].shape[0]} classes'
    )


if __name__ == '__main__':
    run_tool(main)
