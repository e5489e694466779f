"""Parse the command line of a tool: help from its docstring, mistakes in one line."""

import argparse
import sys
from typing import NoReturn

from ..utils.text import printable


class ToolParser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line, without argparse's lines of usage.

    Args:
        description (str): Docstring of the tool.
        **kwargs: Arguments of ``ArgumentParser``.
    """

    def __init__(self, description: str | None = None, **kwargs) -> None:
        kwargs.setdefault('formatter_class', argparse.RawDescriptionHelpFormatter)
        super().__init__(description=description, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Exit with status 2, as argparse does."""
        print(f'error: {printable(message)}; see {self.prog} --help', file=sys.stderr)
        sys.exit(2)


def positive(text: str) -> int:
    """Parse a whole number above 0, for argparse."""
    return _whole(text, 1)


def not_negative(text: str) -> int:
    """Parse a whole number of 0 or more, for argparse."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or number < least:
        raise argparse.ArgumentTypeError(f'{text}: expected a whole number, {least} or more')
    return number
