"""What is printed about a run, and its exit status."""

import sys
from collections import Counter

from ...utils.text import many, say
from .sidebar import percent

DONE, SOME_FAILED, INTERRUPTED = 0, 3, 130
LINES = 10  # with more inputs only the sum is printed


class Summary:
    """Counts results, and prints them where they are few.

    Args:
        inputs (int): How many images and videos there are.
    """

    def __init__(self, inputs: int) -> None:
        self.inputs, self.interrupted = inputs, False
        self.images = self.faces = self.empty = self.failed = 0
        self.expressions: Counter = Counter()
        self._frames = False

    def add(self, result: dict, shown: bool = True) -> None:
        """Count a result.

        Args:
            result (dict): See :meth:`ExpressionInferencer.__call__`.
            shown (bool): Whether it may be printed. Defaults to True.
        """
        is_frame = 'frame' in result
        self._frames |= is_frame
        if result['error']:
            self.failed += 1
            if shown:
                say(f'error: {result["error"]}', sys.stderr)
            return
        faces = result['faces']
        self.images += 1
        self.faces += len(faces)
        self.empty += not faces
        self.expressions.update(face['expression'] for face in faces)
        if shown and self.inputs <= LINES and not is_frame:
            found = ', '.join(f'{face["expression"]} {percent(face["score"])}' for face in faces)
            say(f'{result["input"]}: {found or "no face found"}')

    def line(self) -> str:
        """The run in one line."""
        counts = ', '.join(f'{name} {n}' for name, n in self.expressions.most_common())
        parts = [f'{many(self.faces, "face")}{f" ({counts})" if counts else ""}']
        if self.empty:
            parts.append(f'no face in {self.empty}')
        if self.failed:
            parts.append(f'{self.failed} without an answer')
        if self.interrupted:
            parts.append('interrupted')
        return f'{many(self.images, "frame" if self._frames else "image")}: {"; ".join(parts)}'

    def status(self) -> int:
        """0, or why not: 130 if interrupted, 3 if something has no answer."""
        if self.interrupted:
            return INTERRUPTED
        return SOME_FAILED if self.failed else DONE
