"""Times the released program; runs under a Python with TensorFlow, not with this package.

    python released_side.py released_keras.py FOLDER FIT HOLDOUT TEST EPOCHS

The graph is the one that the script's ``build`` makes, at Base scale; Keras' own ``fit`` trains it
as released (Adam, batch 16), on images in memory and without augmentation, which favours it. The
last line printed is JSON: seconds of each epoch with validation, and of the test.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image


def main() -> None:
    script, folder, *numbers = sys.argv[1:]
    fit, holdout, test, epochs = map(int, numbers)
    spec = importlib.util.spec_from_file_location('released', script)
    released = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(released)
    model, _, side = released.build('base')
    paths = sorted(Path(folder).glob('*.png'))[: fit + holdout + test]
    images = np.stack(
        [np.asarray(Image.open(path).convert('RGB').resize((side, side))) for path in paths]
    )
    labels = np.arange(len(paths)) % 7  # time does not depend on them
    model.compile(tf.keras.optimizers.Adam(1e-3), 'sparse_categorical_crossentropy', ['accuracy'])

    class Clock(tf.keras.callbacks.Callback):
        seconds: list = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.time()

        def on_epoch_end(self, epoch, logs=None):  # after the validation
            self.seconds.append(time.time() - self.start)

    held = images[fit : fit + holdout], labels[fit : fit + holdout]
    model.fit(
        images[:fit],
        labels[:fit],
        batch_size=16,
        epochs=epochs,
        validation_data=held,
        validation_batch_size=16,
        callbacks=[Clock()],
        verbose=0,
    )
    start = time.time()
    model.predict(images[fit + holdout :], batch_size=16, verbose=0)
    sizes = dict(fit=fit, holdout=holdout, test=test)
    print(json.dumps(dict(epochs=Clock.seconds, test=time.time() - start, sizes=sizes)))


main()
