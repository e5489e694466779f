"""The command line of every tool: help as it stands in the docstring, mistakes in one line."""

import argparse
import sys

from mmengine.config import DictAction

from ..utils.text import printable


class ToolParser(argparse.ArgumentParser):
    """Prints a mistake as one line; argparse puts the usage, ten lines of it, before that.

    Args:
        description (str): Docstring of the tool.
    """

    def __init__(self, description: str | None = None, **kwargs) -> None:
        kwargs.setdefault('formatter_class', argparse.RawDescriptionHelpFormatter)
        super().__init__(description=description, **kwargs)

    def error(self, message: str) -> None:
        """End the tool with status 2, as argparse does."""
        print(f'error: {printable(message)}; see {self.prog} --help', file=sys.stderr)
        sys.exit(2)


class CfgOptions(DictAction):
    """``KEY=VALUE`` pairs; mmengine's own answers a word without "=" by a traceback."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Read the pairs; see :class:`argparse.Action`."""
        wrong = [word for word in values if not word.partition('=')[1]]
        if wrong:
            parser.error(f'{option_string}: {wrong[0]}: expected KEY=VALUE')
        super().__call__(parser, namespace, values, option_string)


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    return _whole(text, 1)


def not_negative(text: str) -> int:
    """A whole number from 0 on, for argparse."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or number < least:
        raise argparse.ArgumentTypeError(f'{text}: expected a whole number, {least} or more')
    return number
