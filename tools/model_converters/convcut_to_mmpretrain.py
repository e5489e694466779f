"""Convert Keras weights of the released Conv-cut graph to a checkpoint for mmpretrain.

    python tools/model_converters/convcut_to_mmpretrain.py SRC.h5 DST.pth

SRC is a file of weights or of a whole model (HDF5, Keras 2) of the released graph at any scale.
The checkpoint fits the configs convcut-released-base_* (Base) and convcut-released-atto_rafdb
(atto); those ending in _phase2 fit the authors' fine-tuning and evaluation graphs, which have no
LayerNorm after the convolutions. batch_audit.py takes SRC itself.
"""

import argparse
import io

from convcut import run_tool, start_up
from convcut_mm.cli.options import check_not_input
from convcut_mm.cli.parser import ToolParser
from convcut_mm.utils.atomic import write_atomically


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument('src', help='Keras HDF5 file')
    parser.add_argument('dst', help='checkpoint to write (.pth)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with start_up():
        import torch

        from convcut_mm.models.utils.keras_weights import keras_checkpoint
    check_not_input(args.dst, args.src)
    checkpoint = keras_checkpoint(args.src)
    state = checkpoint['state_dict']
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    write_atomically(args.dst, buffer.getvalue())
    blocks = {key.split('.')[3] for key in state if key.startswith('backbone.stages.2.')}
    print(
        f'{args.dst}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} values, '
        f'{len(blocks)} blocks in stage three (the last one cut), '
        f'{state["head.fc.weight"].shape[0]} classes'
    )


if __name__ == '__main__':
    run_tool(main)
