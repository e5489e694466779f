"""Options that the tools of tools/visualization have in common."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..apis.classifier import Classifier
from ..apis.load_classifier import load_classifier
from ..errors import ConvcutError
from .options import add_cfg_options
from .parser import ToolParser, not_negative, positive

FOLDER = 'work_dirs/visualization'
MOST_MODELS = 4


def new_parser(doc: str, name: str) -> argparse.ArgumentParser:
    """A parser with ``--out`` and ``--cfg-options``.

    Args:
        doc (str): Docstring of the tool.
        name (str): Name of its picture.
    """
    parser = ToolParser(doc)
    parser.add_argument(
        '--out',
        default=f'{FOLDER}/{name}',
        help='path without suffix, .png and .svg are written (default: %(default)s)',
    )
    add_cfg_options(parser, 'every config, e.g. test_dataloader.dataset.split=test')
    return parser


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', help='where the models compute; a GPU if there is one')


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add ``--model NAME CONFIG CHECKPOINT``, one to four times, and ``--device``."""
    parser.add_argument(
        '--model',
        nargs=3,
        action='append',
        required=True,
        metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
        help=f'a model and what the picture calls it; up to {MOST_MODELS} times',
    )
    add_device(parser)


def add_faces(parser: argparse.ArgumentParser, per_class: int | None = 1) -> None:
    """Add ``--images``, ``--per-class`` and ``--seed``.

    Args:
        parser (ArgumentParser): The tool's parser.
        per_class (int, optional): Default of ``--per-class``. Defaults to 1.
    """
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='FILE',
        help='image files to show (default: some of each class of the test set)',
    )
    parser.add_argument('--per-class', type=positive, default=per_class, help='faces a class')
    parser.add_argument(
        '--seed',
        type=not_negative,
        default=0,
        help='seed of the draw of faces (default: %(default)s)',
    )


def load_models(args: argparse.Namespace) -> list[Classifier]:
    """Load the models of ``--model``.

    Returns:
        list[Classifier]: In the order given.

    Raises:
        ConvcutError: Too many, or models of different classes.
    """
    if len(args.model) > MOST_MODELS:
        raise ConvcutError(f'--model: {len(args.model)} models, at most {MOST_MODELS} fit')
    models = [
        load_classifier(config, checkpoint, name, args.cfg_options, args.device)
        for name, config, checkpoint in args.model
    ]
    for model in models[1:]:
        if model.classes != models[0].classes:
            raise ConvcutError(
                f'--model {model.name}: its classes are {", ".join(model.classes)}, those of '
                f'{models[0].name} {", ".join(models[0].classes)}; compare models of one task'
            )
    return models


def one_for_each(values: Sequence, models: Sequence[Classifier], option: str) -> list:
    """Spread an option that is given once for all models or once for each.

    Args:
        values (Sequence): What was given.
        models (Sequence[Classifier]): The models.
        option (str): Its name, for the message.

    Raises:
        ConvcutError: Another number of values.
    """
    if len(values) not in (1, len(models)):
        raise ConvcutError(
            f'{option}: {len(values)} values for {len(models)} models, expected one for all or '
            'one for each'
        )
    return list(values) * (len(models) // len(values))


def announce(paths: Sequence[Path]) -> None:
    """Say where the picture is."""
    print('\n'.join(str(path) for path in paths))
