"""The side of `fer` from PyPI, which runs in a Python of its own."""

import json
import subprocess
from pathlib import Path

import numpy as np

from convcut_mm.errors import ConvcutError

SERVER = Path(__file__).with_name('fer_server.py')


class FerSide:
    """Speaks with ``fer_server.py`` by lines of JSON.

    Args:
        python (str): A Python that has ``fer``.
        faces (ndarray): (N, H, W, 3) uint8, red, green, blue.
        folder (Path): Where the faces are handed over and its log goes.
        threads (int): Cores that it may use.
        kind (str): 'tflite', its default, a model in 8 bits; or 'keras', in float32.

    Raises:
        ConvcutError: It does not start.
    """

    def __init__(
        self, python: str, faces: np.ndarray, folder: Path, threads: int, kind: str
    ) -> None:
        self.log = folder / f'fer_{kind}.log'
        np.save(folder / 'faces.npy', faces)
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(
                [python, str(SERVER), str(folder / 'faces.npy'), str(threads), kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.name = f'fer {self._ask(what="version")}, {kind}'

    def seconds(self, batch: int, calls: int) -> list:
        """Seconds of each of some calls, from uint8 faces to probabilities."""
        return self._ask(what='seconds', batch=batch, calls=calls)

    def expressions(self) -> list:
        """What it answers for each face, by FERPlus's names."""
        return self._ask(what='expressions')

    def close(self) -> None:
        """Ends its process."""
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _ask(self, **question):
        try:
            self.process.stdin.write(json.dumps(question) + '\n')
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ''
        if not answer:
            raise ConvcutError(f'--fer: its process ended; the reason stands in {self.log}')
        return json.loads(answer)
