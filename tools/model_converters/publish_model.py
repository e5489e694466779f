"""Convert a checkpoint to the small file that is published.

    python tools/model_converters/publish_model.py CONFIG CHECKPOINT OUT.safetensors

The file holds the weights in half precision and the class names: no optimizer, no history, no
paths, no code. Use it wherever a checkpoint is expected; run tools/test.py on both files to see
what rounding changes. (mmpretrain's tool of this name keeps float32 and the rest of the file.)
"""

import argparse
import hashlib
from pathlib import Path

from convcut import run_tool, start_up
from convcut_mm.cli.options import check_not_input
from convcut_mm.cli.parser import ToolParser
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically

LARGEST_HALF = 65504  # torch.finfo(torch.float16).max


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('config', help='config file that the checkpoint was trained with')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('out', type=Path, help='file to write (.safetensors)')
    return parser.parse_args()


def halved(weights: dict, source: str) -> dict:
    """Convert weights to half precision; integers stay.

    Raises:
        ConvcutError: Half precision cannot hold a weight.
    """
    result = {}
    for key, tensor in weights.items():
        if tensor.is_floating_point():
            if not (tensor.abs() <= LARGEST_HALF).all():  # also for NaN
                raise ConvcutError(
                    f'{source}: "{key}" holds NaN or numbers above {LARGEST_HALF:g}, which half '
                    'precision cannot hold; use another checkpoint'
                )
            tensor = tensor.half()
        result[key] = tensor.cpu().contiguous().clone()  # a view would bring its whole storage
    return result


def main() -> None:
    args = parse_args()
    with start_up():
        from convcut_mm.apis.load_classifier import load_classifier
        from convcut_mm.utils.safetensors_file import SUFFIX, to_safetensors
    if args.out.suffix != SUFFIX:
        raise ConvcutError(f'{args.out}: expected a name that ends in {SUFFIX}')
    check_not_input(args.out, args.checkpoint, args.config)
    classifier = load_classifier(args.config, args.checkpoint, device='cpu')
    content = to_safetensors(
        halved(classifier.model.state_dict(), args.checkpoint),
        classifier.classes,
        Path(args.config).stem,
    )
    write_atomically(args.out, content)
    parameters = sum(parameter.numel() for parameter in classifier.model.parameters())
    print(
        f'{args.out}: {len(content) / 1e6:.2f} MB, {parameters:,} parameters, '
        f'SHA-256 {hashlib.sha256(content).hexdigest()}'
    )


if __name__ == '__main__':
    run_tool(main)
