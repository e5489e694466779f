"""Options that the tools in tools/visualization share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import ConvcutError
from .options import add_cfg_options
from .parser import ToolParser, not_negative, positive

if TYPE_CHECKING:
    from ..apis.classifier import Classifier

FOLDER = 'work_dirs/visualization'
MOST_MODELS = 4
T = TypeVar('T')


def new_parser(doc: str, name: str) -> argparse.ArgumentParser:
    """Create a parser with ``--out`` and ``--cfg-options``.

    Args:
        doc (str): Docstring of the tool.
        name (str): Default name of its figure.
    """
    parser = ToolParser(doc)
    parser.add_argument(
        '--out',
        default=f'{FOLDER}/{name}',
        help='path without suffix of the .png and .svg files (default: %(default)s)',
    )
    add_cfg_options(parser, 'every config, e.g. test_dataloader.dataset.split=test')
    return parser


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', help='device of the models (default: a GPU if there is one)')


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add ``--model NAME CONFIG CHECKPOINT``, one to four times, and ``--device``."""
    parser.add_argument(
        '--model',
        nargs=3,
        action='append',
        required=True,
        metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
        help=f'a model and its name in the figure; up to {MOST_MODELS} times',
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
    parser.add_argument('--per-class', type=positive, default=per_class, help='faces per class')
    parser.add_argument(
        '--seed',
        type=not_negative,
        default=0,
        help='seed for sampling faces (default: %(default)s)',
    )


def load_models(args: argparse.Namespace) -> list[Classifier]:
    """Load the models of ``--model``, in the order given.

    Raises:
        ConvcutError: There are too many models, or they have different classes.
    """
    from ..apis.load_classifier import load_classifier

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
                f'{models[0].name} are {", ".join(models[0].classes)}; compare models with the '
                'same classes'
            )
    return models


def one_for_each(values: Sequence[T], models: Sequence[Classifier], option: str) -> list[T]:
    """Return one value for each model, of an option given once for all models or once for each.

    Args:
        values (Sequence): Values of the option.
        models (Sequence[Classifier]): The models.
        option (str): Name of the option, for the message.

    Raises:
        ConvcutError: There is another number of values.
    """
    if len(values) not in (1, len(models)):
        raise ConvcutError(
            f'{option}: {len(values)} values for {len(models)} models, expected one for all or '
            'one for each'
        )
    return list(values) * (len(models) // len(values))


def announce(paths: Sequence[Path]) -> None:
    """Print the paths of the figure's files."""
    print('\n'.join(str(path) for path in paths))
