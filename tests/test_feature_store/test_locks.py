"""Locks of an entry: exclusive between processes, free when a process ends."""

import errno
import fcntl
import os
import signal

import pytest

from convcut_mm.errors import ConvcutError

SHARD, OTHER = '0123456789abcdef', 'fedcba9876543210'


def test_a_lock_file_of_a_dead_process_locks_nothing(entry, hold):
    (entry.folder / 'lock').write_text('pid 4711 on another machine')
    with entry.locked(SHARD) as mine:
        assert mine
    assert hold(entry.folder, SHARD)[1]


@pytest.mark.parametrize('number', [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named(entry, monkeypatch, number):
    def without(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, 'lockf', without)
    with (
        pytest.raises(ConvcutError, match=f'{entry.folder}/lock: this file system has no locks'),
        entry.locked(SHARD),
    ):
        pass


def test_lock_is_exclusive_between_processes(entry, hold):
    process, held = hold(entry.folder, SHARD)
    assert held
    with entry.locked(SHARD) as mine, entry.locked(OTHER) as free:
        assert not mine and free
        assert not hold(entry.folder, OTHER)[1]
    assert hold(entry.folder, OTHER)[1]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with entry.locked(SHARD) as mine:
        assert mine


def test_lock_is_freed_when_the_work_fails(entry, hold):
    with pytest.raises(ValueError, match='work'), entry.locked(SHARD):
        raise ValueError('work')
    assert hold(entry.folder, SHARD)[1]
