"""Inferencers in other processes and threads; test_processes.py runs these in a fresh one."""

import multiprocessing
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.detectors.centerface import CenterFaceDetector
from convcut_mm.errors import ConvcutError
from convcut_mm.utils import forks

FACES = [np.full((64, 64, 3), value, np.uint8) for value in (40, 200)]


@pytest.fixture(scope='module')
def cascade(tiny_model):
    """With the default detector."""
    pytest.importorskip('skimage')
    return ExpressionInferencer(*tiny_model(), device='cpu')


def test_fork_after_use(cascade, astronaut):
    """It hung: the fork waited for threads of PyTorch that its parent has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected = cascade.classify(FACES * 8)  # large enough for two threads
        (found,) = cascade(astronaut)
        receiver, sender = multiprocessing.Pipe(duplex=False)

        def child() -> None:
            sender.send((cascade.classify(FACES * 8), cascade(astronaut)[0]))

        process = multiprocessing.get_context('fork').Process(target=child)
        process.start()
        try:
            assert receiver.poll(60), 'it hangs'
            scores, again = receiver.recv()
        finally:
            process.kill()
            process.join()
    finally:
        torch.set_num_threads(threads)
    assert np.allclose(scores, expected, atol=1e-5)
    assert again['faces'][0]['expression'] == found['faces'][0]['expression']


def test_the_detector_s_threads_do_not_outlive_a_fork(astronaut):
    """ONNX Runtime waits for them when a session ends."""
    detector = CenterFaceDetector(threads=2)
    (expected,) = detector(astronaut)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context('fork').Process(
        target=lambda: sender.send(detector(astronaut)[0].box)
    )
    process.start()
    try:
        assert receiver.poll(60), 'it hangs'
        assert np.allclose(receiver.recv(), expected.box)
    finally:
        process.kill()
        process.join()
    assert np.allclose(detector(astronaut)[0].box, expected.box)


def test_forks_leave_gpus_alone(monkeypatch):
    monkeypatch.setattr(forks, '_owner', os.getppid())
    with pytest.raises(ConvcutError, match='"cuda:0" cannot be used in a fork .* with "spawn"'):
        forks.claim_threads(torch.device('cuda:0'))


def test_pickle(cascade, exported_model, astronaut):
    copy = pickle.loads(pickle.dumps(cascade))
    assert copy.model is copy.backend.model and copy.classes == cascade.classes
    assert (copy.classify(FACES) == cascade.classify(FACES)).all()
    assert copy(astronaut) == cascade(astronaut)
    for format, backend in (('onnx', 'onnxruntime'), ('openvino', 'openvino')):
        file = exported_model(format)[1].files[0]
        names = [f'name {number}' for number in range(7)]
        one = ExpressionInferencer(file, backend=backend, detector='none', classes=names)
        two = pickle.loads(pickle.dumps(one))
        assert two.classes == two.backend.classes == tuple(names)
        assert np.allclose(one.classify(FACES), two.classify(FACES), atol=1e-6)


def test_spawn(cascade):
    """As joblib and multiprocessing on macOS and Windows start their workers."""
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        (scores,) = pool.map_async(cascade.classify, [FACES]).get(120)
    assert np.allclose(scores, cascade.classify(FACES), atol=1e-5)


def test_threads(cascade, astronaut):
    expected = cascade(astronaut)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(cascade, [astronaut] * 8))
