"""The forward pass that the store is built with, beside torchvision's of the same cut.

ConvNeXt-Base after 23 blocks of the third stage, images a second on random images. The sides take
turns; medians.
"""

import argparse
import time

import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torchvision.models import convnext_base


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this case's options."""
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--side', type=int, default=224, help='of an image, in pixels')


def run(args: argparse.Namespace) -> dict:
    """Time all sides in turns."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        ours = MODELS.build(
            dict(type='TruncatedConvNeXt', arch='base', num_blocks=23, frozen=True)
        )
    theirs = convnext_base().eval().features[:6]
    theirs[5] = theirs[5][:23]
    images = torch.randn(args.batch, 3, args.side, args.side)
    last = images.contiguous(memory_format=torch.channels_last)

    def bfloat16() -> None:
        with torch.autocast('cpu', dtype=torch.bfloat16):
            ours(images)

    sides = {
        'torchvision': lambda: theirs(images),
        'torchvision, channels_last input': lambda: theirs(last),
        'ours': lambda: ours(images),
        'ours, bfloat16': bfloat16,
    }
    times: dict = {name: [] for name in sides}
    with torch.inference_mode():
        for round_number in range(args.rounds + 1):
            for name, side in sides.items():
                start = time.perf_counter()
                side()
                if round_number:  # the first warms up
                    times[name].append(time.perf_counter() - start)
    rates = {name: args.batch / float(np.median(values)) for name, values in times.items()}
    for name, rate in rates.items():
        print(f'{name:34s} {rate:6.2f} images/s  {rate / rates["torchvision"]:.2f} x torchvision')
    return rates
