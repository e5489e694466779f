"""Locks keep other processes and handles out, until they are freed."""

import multiprocessing

import pytest

from convcut_mm.utils.locks import lock_handle, lock_range, unlock_range


@pytest.fixture
def elsewhere(tmp_path):
    """Call :func:`lock_range` on the file in another process."""

    def lock(**kwargs) -> bool:
        context = multiprocessing.get_context('fork')
        results = context.SimpleQueue()

        def child() -> None:
            with open(tmp_path / 'lock', 'a+b') as file:
                results.put(lock_range(file, **kwargs))

        process = context.Process(target=child)
        process.start()
        process.join(60)
        return results.get()

    return lock


def test_ranges_of_a_file(tmp_path, elsewhere):
    with open(tmp_path / 'lock', 'a+b') as file:
        assert lock_range(file, start=10, length=2)
        assert not elsewhere(start=11, length=1) and not elsewhere()
        assert elsewhere(start=12) and elsewhere(length=10)
        unlock_range(file, start=10, length=2)
        assert elsewhere(wait=True)


def test_shared_locks(tmp_path, elsewhere):
    with open(tmp_path / 'lock', 'a+b') as file:
        assert lock_range(file, shared=True)
        assert elsewhere(shared=True, wait=True) and not elsewhere()
    assert elsewhere()


def test_a_handle_keeps_others_out(tmp_path):
    with open(tmp_path / 'lock', 'a+b') as file, open(tmp_path / 'lock', 'a+b') as other:
        assert lock_handle(file) and lock_handle(file)
        assert not lock_handle(other)
        file.close()
        assert lock_handle(other.fileno())
