"""What an exported file says about itself, so that it can be used without its config."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Union

from ...errors import ConvcutError

TOOL = 'tools/deployment/export.py'


class ModelInfo(NamedTuple):
    """What the user of an exported file has to know.

    Attributes:
        classes (tuple[str]): Class names in the order of the scores.
        size (int): Side in pixels of the square input.
        grey (bool): See :class:`~convcut_mm.apis.backends.base.Backend`. Defaults to False.
        share (float): Likewise. Defaults to 1.
    """

    classes: tuple
    size: int
    grey: bool = False
    share: float = 1.0

    def to_strings(self) -> dict:
        """Each entry as JSON, under its own name: what ONNX and OpenVINO keep are strings."""
        return {name: json.dumps(value) for name, value in self._asdict().items()}

    @classmethod
    def from_strings(cls, strings: Mapping, path: Union[str, Path]) -> 'ModelInfo':
        """Reads what :meth:`to_strings` gave.

        Args:
            strings (Mapping[str, str]): The file's metadata.
            path (str | Path): The file, for the message.

        Raises:
            ConvcutError: Entries are missing or can't be read.
        """
        missing = [name for name in cls._fields if name not in strings]
        if missing:
            raise ConvcutError(
                f'{path}: its metadata lack "{missing[0]}", so it was not written by {TOOL}; '
                'export the model again with that'
            )
        try:
            values = {name: json.loads(strings[name]) for name in cls._fields}
            return cls(
                tuple(map(str, values['classes'])),
                int(values['size']),
                bool(values['grey']),
                float(values['share']),
            )
        except (TypeError, ValueError) as error:
            raise ConvcutError(f'{path}: its metadata cannot be read ({error})') from None
