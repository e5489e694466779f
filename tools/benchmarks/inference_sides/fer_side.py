"""The side of `fer` from PyPI, which runs in its own Python."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from convcut_mm.errors import ConvcutError

SERVER = Path(__file__).with_name('fer_server.py')


class FerSide:
    """A client of ``fer_server.py``, by lines of JSON.

    Args:
        python (str): A Python with ``fer``.
        faces (ndarray): (N, H, W, 3) uint8, red, green, blue.
        folder (Path): Folder for the faces and the log.
        threads (int): Number of cores.
        kind (str): 'tflite', the default of ``fer``, a model in 8 bits; or 'keras', in float32.

    Raises:
        ConvcutError: The server does not start.
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

    def seconds(self, batch: int, calls: int) -> list[float]:
        """Return the seconds of each call, from uint8 faces to probabilities."""
        return self._ask(what='seconds', batch=batch, calls=calls)

    def expressions(self) -> list[str]:
        """Return the predicted expression of each face, by FERPlus's names."""
        return self._ask(what='expressions')

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def _ask(self, **request: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + '\n')
            self.process.stdin.flush()
            reply = self.process.stdout.readline()
        except BrokenPipeError:
            reply = ''
        if not reply:
            raise ConvcutError(f'--fer: its process ended; see {self.log}')
        return json.loads(reply)
