"""Predictions as .npz: files of ours are read, all others refused."""

import io
import json
import zipfile

import numpy as np
import pytest

from convcut_mm import ConvcutError
from convcut_mm.evaluation import load_predictions
from convcut_mm.evaluation.predictions import to_npz

PATHS = ['a/1.png', 'a/2.png', 'b/ä\udcff.png']
LABELS = np.array([0, 1, 1])
SCORES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])


def test_written_and_read(tmp_path):
    path = tmp_path / 'p.npz'
    path.write_bytes(to_npz(PATHS, LABELS, SCORES))
    found = load_predictions(path, ('x', 'y'))
    assert found.names == ['1.png', '2.png', 'ä\udcff.png'] and found.classes == ('x', 'y')
    np.testing.assert_array_equal(found.labels, LABELS)
    np.testing.assert_array_equal(found.probabilities, SCORES)
    assert found.duplicate is None
    path.write_bytes(to_npz(PATHS, LABELS, SCORES, np.array([False, True, False])))
    assert load_predictions(path).duplicate.tolist() == [False, True, False]


def test_the_metric_writes_both_kinds(tmp_path):
    import torch

    from convcut_mm.evaluation import DumpPredictions

    samples = [
        dict(
            img_path=name,
            gt_label=torch.tensor([int(label)]),
            pred_score=torch.tensor(row),
            duplicate=name == PATHS[1],
        )
        for name, label, row in zip(PATHS[:2], LABELS, SCORES.astype(np.float32), strict=False)
    ]
    read = []
    for name in ('p.npz', 'p.pkl'):
        metric = DumpPredictions(out_file_path=str(tmp_path / name))
        metric.process(None, samples)
        metric.evaluate(len(samples))
        read.append(load_predictions(tmp_path / name))
    assert sorted(file.name for file in tmp_path.iterdir()) == ['p.npz', 'p.pkl']
    for key in ('names', 'labels', 'probabilities', 'duplicate'):
        np.testing.assert_array_equal(getattr(read[0], key), getattr(read[1], key))


def changed(**parts) -> bytes:
    """Return a file with other parts: arrays, or the bytes of a .npy file."""
    text = np.frombuffer(json.dumps(PATHS).encode(), np.uint8)
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w') as archive:
        for name, value in {'paths': text, 'labels': LABELS, 'scores': SCORES, **parts}.items():
            if isinstance(value, np.ndarray):
                file = io.BytesIO()
                np.lib.format.write_array(file, value)
                value = file.getvalue()
            archive.writestr(f'{name}.npy', value)
    return content.getvalue()


def header(text: str) -> bytes:
    return b'\x93NUMPY\x01\x00' + len(text).to_bytes(2, 'little') + text.encode()


def compressed() -> bytes:
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(PATHS).encode(), np.uint8)
    np.savez_compressed(content, paths=text, labels=LABELS, scores=np.zeros((3, 10**6)))
    return content.getvalue()


@pytest.mark.parametrize(
    'content',
    [
        *(b'', b'PK\x03\x04', changed()[:-50], compressed(), changed(other=LABELS)),
        changed(scores=np.array([{'a': 1}], dtype=object)),
        changed(scores=header("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2**40)}")),
        changed(scores=header("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 999999)}")),
        changed(scores=header("{'descr': '|O', 'fortran_order': False, 'shape': (0, 0)}")),
        changed(scores=header('__import__("os").mkdir("canary")')),
        changed(scores=np.zeros((2, 2))),
        changed(scores=np.zeros(3)),
        changed(labels=np.zeros(3)),
        changed(duplicate=LABELS),
        changed(duplicate=np.zeros(2, dtype=bool)),
        changed(paths=np.frombuffer(b'[1', np.uint8)),
        changed(paths=np.frombuffer(b'{"a": 1}', np.uint8)),
        changed(paths=np.frombuffer(b'[' * 10**5, np.uint8)),
    ],
)
def test_hostile_and_damaged_files(content, tmp_path):
    path = tmp_path / 'p.npz'
    path.write_bytes(content)
    with pytest.raises(ConvcutError) as error:
        load_predictions(path)
    assert str(error.value).startswith(f'{path}: not a whole file of predictions')
    assert '\n' not in str(error.value)


def test_content_that_is_no_prediction(tmp_path):
    path = tmp_path / 'p.npz'
    for parts, message in (
        (dict(paths=np.frombuffer(b'[1, 2, 3]', np.uint8)), 'not the path of a file'),
        (dict(labels=np.array([0, -1, 1])), 'expected one class'),
        (dict(labels=np.array([0, 2, 1])), 'label 2, but probabilities for only 2 classes'),
        (dict(scores=SCORES * np.nan), 'pred_score that is not finite'),
    ):
        path.write_bytes(changed(**parts))
        with pytest.raises(ConvcutError, match=message):
            load_predictions(path)
