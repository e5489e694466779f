"""What an exported file says about itself, so that it can be used without its config."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ConvcutError
from ...utils.checks import checked_class_names

TOOL = 'tools/deployment/export.py'
AGAIN = f'export the model again with {TOOL}'
# entries of the file, in the order of ModelInfo; those of earlier releases are the same
KEYS = ('classes', 'size', 'grey', 'share')
LONGEST = 2**20  # characters of an entry; a thousand class names need a tenth of it
LARGEST_SIDE = 4096  # pixels of a cut-out face


class Port(NamedTuple):
    """An input or output of a graph.

    Attributes:
        type (str): 'uint8', 'float32' or what the program calls another type.
        shape (tuple[int | None]): None where any number will do.
    """

    type: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        sides = ', '.join('N' if side is None else str(side) for side in self.shape)
        return f'{self.type} ({sides})'


class ModelInfo(NamedTuple):
    """What the user of an exported file has to know.

    Attributes:
        classes (tuple[str]): Class names in the order of the probabilities.
        size (int): Side in pixels of the square input.
        grey (bool): See :class:`~convcut_mm.apis.backends.base.Backend`. Defaults to False.
        crop_ratio (float): See the same class. Defaults to 1.
    """

    classes: tuple[str, ...]
    size: int
    grey: bool = False
    crop_ratio: float = 1.0

    def to_strings(self) -> dict[str, str]:
        """Each entry as JSON, under its own name: what ONNX and OpenVINO keep are strings."""
        return {key: json.dumps(value) for key, value in zip(KEYS, self)}

    @classmethod
    def from_strings(cls, strings: Mapping[str, str], path: str | Path) -> 'ModelInfo':
        """Read what :meth:`to_strings` gave.

        Args:
            strings (Mapping[str, str]): The file's metadata.
            path (str | Path): The file, for the message.

        Raises:
            ConvcutError: Entries are missing, can't be read, or make no sense.
        """
        missing = [key for key in KEYS if key not in strings]
        if missing:
            raise ConvcutError(
                f'{path}: its metadata lack "{missing[0]}", so it was not written by {TOOL}; '
                'export the model again with that'
            )
        values = {key: _parsed(strings[key], key, path) for key in KEYS}
        size, grey, ratio = values['size'], values['grey'], values['share']
        if type(size) is not int or not 1 <= size <= LARGEST_SIDE:
            raise _refused(path, 'size', size, f'a whole number of pixels, 1 to {LARGEST_SIDE}')
        if type(grey) is not bool:
            raise _refused(path, 'grey', grey, 'true or false')
        # a face is cut out in size / ratio pixels; NaN compares as neither
        if type(ratio) not in (int, float) or not size / LARGEST_SIDE <= ratio <= 1:
            raise _refused(path, 'share', ratio, f'{size / LARGEST_SIDE:.2g} to 1')
        classes = checked_class_names(values['classes'], f'{path}: its metadata')
        return cls(classes, size, grey, float(ratio))

    def check_graph(
        self, inputs: Sequence[Port], outputs: Sequence[Port], path: str | Path
    ) -> None:
        """Compare the metadata with what the graph takes and gives.

        Args:
            inputs (Sequence[Port]): Of the graph.
            outputs (Sequence[Port]): Of the graph.
            path (str | Path): The file, for the message.

        Raises:
            ConvcutError: They contradict each other.
        """
        for what, ports, expected in (
            ('takes', inputs, Port('uint8', (None, self.size, self.size, 3))),
            ('gives', outputs, Port('float32', (None, len(self.classes)))),
        ):
            if list(ports) != [expected]:
                found = ' and '.join(map(str, ports[:4])) or 'nothing'
                raise ConvcutError(
                    f'{path}: its graph {what} {found}, and its metadata say {expected}; {AGAIN}'
                )


def _parsed(text: Any, name: str, path: str | Path) -> Any:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ConvcutError(f'{path}: its metadata cannot be read ("{name}" is no text); {AGAIN}')
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = 'nested too deeply' if isinstance(error, RecursionError) else error
        raise ConvcutError(
            f'{path}: its metadata cannot be read ("{name}": {reason}); {AGAIN}'
        ) from None


def _refused(path: str | Path, name: str, value: Any, expected: str) -> ConvcutError:
    return ConvcutError(
        f'{path}: its metadata say {name}={value!r:.40}, expected {expected}; {AGAIN}'
    )
