"""Runs the emotion model of `fer` without its detector; started by fer_side.py.

    PYTHON fer_server.py faces.npy THREADS tflite|keras

It needs fer 25.10, TensorFlow and OpenCV 4, nothing of convcut_mm. Questions come as JSON lines. A
face goes the way of ``FER.detect_emotions`` after detection: grey, 64 pixels, -1 to 1, model.
"""

import importlib.metadata
import json
import os
import sys
import time

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
# only its answers may go to stdout
answers, sys.stdout = sys.stdout, sys.stderr

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402
from fer.fer import FER  # noqa: E402

NAMES = dict(angry='anger', happy='happiness', sad='sadness')
SIDE = 64


def probabilities(model, faces: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) uint8 to (N, 7)."""
    grey = [cv2.resize(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), (SIDE, SIDE)) for face in faces]
    # the method that detect_emotions calls
    return np.asarray(
        model._classify_emotions((np.stack(grey).astype(np.float32) / 255 - 0.5) * 2)
    )


def seconds(model, faces: np.ndarray, batch: int, calls: int) -> list:
    """Seconds of each call."""
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
        question = json.loads(line)
        if question['what'] == 'version':
            answer = importlib.metadata.version('fer')
        elif question['what'] == 'seconds':
            answer = seconds(model, faces, question['batch'], question['calls'])
        else:
            parts = [probabilities(model, faces[i : i + 64]) for i in range(0, len(faces), 64)]
            answer = [labels[label] for label in np.concatenate(parts).argmax(1)]
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == '__main__':
    main()
