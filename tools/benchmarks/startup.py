"""Time cold starts: each command in a new process, all of them in turns.

    python tools/benchmarks/startup.py
    python tools/benchmarks/startup.py --photo photo.jpg --rounds 9

For each side the tool prints the median seconds on the clock and of the processor, and the clock's
ratio to `import torch`, the median over rounds. Files are in the system's cache from the first
round on, which is not counted. Run nothing else on the machine meanwhile; the tool prints the load
before and after.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from convcut import run_tool, start_up
from convcut_mm.cli.parser import ToolParser, positive
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.atomic import write_atomically
from convcut_mm.utils.progress import progress
from convcut_mm.zoo import DEFAULT_MODEL, root

REFERENCE = 'import torch'


class Start(NamedTuple):
    """Seconds of one process, from its start to its end."""

    wall: float
    cpu: float


def parse_args() -> argparse.Namespace:
    parser = ToolParser(__doc__)
    parser.add_argument(
        '--photo',
        type=Path,
        help="photo that is answered (default: scikit-image's astronaut)",
    )
    parser.add_argument('--rounds', type=positive, default=5, help='default: %(default)s')
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='write all figures')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = sides(args.photo or example(folder), folder)
        print(f'{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.2f}')
        found: dict[str, list[Start]] = {side: [] for side in commands}
        with progress('starts', (args.rounds + 1) * len(commands)) as step:
            for number in range(args.rounds + 1):
                for side, words in commands.items():
                    start = seconds(words)
                    if number:
                        found[side].append(start)
                    step()
    for side, starts in found.items():
        ratio = median(one.wall / two.wall for one, two in zip(starts, found[REFERENCE]))
        wall, cpu = (median(column) for column in zip(*starts))
        print(
            f'  {side:28s} {wall:6.2f} s, processor {cpu:6.2f} s, {ratio:5.2f} times {REFERENCE}'
        )
    print(f'load {os.getloadavg()[0]:.2f}')
    if args.out is not None:
        content = {side: [start._asdict() for start in starts] for side, starts in found.items()}
        write_atomically(args.out, json.dumps(content, indent=1).encode())


def sides(photo: Path, folder: Path) -> dict[str, list[str]]:
    """Return what is timed: words of a command line for each side's name."""
    with start_up():
        from convcut_mm.apis import ExpressionInferencer
        from convcut_mm.deployment import export
    inferencer = ExpressionInferencer(DEFAULT_MODEL, device='cpu', detector='none')
    exported = folder / 'model.onnx'
    export(inferencer.backend, exported, 'onnx')
    tool = [sys.executable, str(root() / 'tools' / 'infer.py')]
    answer = [*tool, str(photo), '--out', str(folder / 'results')]
    return {
        'python': [sys.executable, '-c', 'pass'],
        REFERENCE: [sys.executable, '-c', 'import torch'],
        'infer --help': [*tool, '--help'],
        'a photo, PyTorch': answer,
        'a photo, ONNX Runtime': [*answer, '--backend', 'onnxruntime', '--model', str(exported)],
    }


def example(folder: Path) -> Path:
    """Write scikit-image's photo of an astronaut."""
    from PIL import Image
    from skimage import data

    Image.fromarray(data.astronaut()).save(folder / 'astronaut.png')
    return folder / 'astronaut.png'


def seconds(words: list[str]) -> Start:
    """Time a process that has to succeed."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ['it printed nothing']
        raise ConvcutError(f'{" ".join(words[:3])}: status {done.returncode}: {last[0]}')
    return Start(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == '__main__':
    run_tool(main)
