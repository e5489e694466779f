"""Atomic writes: errors leave the old file, and files are completed in order."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from convcut_mm.utils.atomic import LATER, BackgroundWriter, atomic_file, write_atomically


def test_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / 'made' / 'file'
    write_atomically(path, b'old')
    with pytest.raises(ZeroDivisionError), atomic_file(path) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
        raise ZeroDivisionError
    assert path.read_bytes() == b'old' and os.listdir(path.parent) == ['file']
    with atomic_file(path) as file:
        file.write(b'new')
    assert path.read_bytes() == b'new' and os.listdir(path.parent) == ['file']


def test_a_full_disk_names_the_file(tmp_path):
    with (
        pytest.raises(OSError, match='No space left on device: .*file'),
        atomic_file(tmp_path / 'file'),
        open('/dev/full', 'wb', buffering=0) as full,
    ):
        full.write(b'new')
    assert not os.listdir(tmp_path)


def test_files_are_completed_in_their_order(tmp_path):
    files, seen = BackgroundWriter(), []
    for number in range(20):
        files.write(tmp_path / 'file', b'%d' % number)
        files.then(lambda: seen.append((tmp_path / 'file').read_bytes()))
    files.wait()
    assert seen == [b'%d' % number for number in range(20)]
    assert os.listdir(tmp_path) == ['file']


def test_later_errors_are_raised_by_wait(tmp_path):
    files = BackgroundWriter()
    (tmp_path / 'folder').mkdir()
    files.write(tmp_path / 'folder', b'2')
    with pytest.raises(IsADirectoryError):
        files.wait()
    files.wait()  # raised once
    (tmp_path / 'plain').write_text('')
    with pytest.raises(FileExistsError):
        files.write(tmp_path / 'plain' / 'x', b'')


def test_after_a_failure_nothing_runs_until_it_is_raised(tmp_path):
    files = BackgroundWriter()
    (tmp_path / 'new').mkdir()
    (tmp_path / 'old').write_bytes(b'old')
    files.write(tmp_path / 'new', b'new')  # cannot take the place of a folder
    files.write(tmp_path / 'note', b'new')
    files.then(os.remove, tmp_path / 'old')
    with pytest.raises(IsADirectoryError) as error:
        files.wait()
    assert error.value.filename == str(tmp_path / 'new')
    assert sorted(os.listdir(tmp_path)) == ['new', 'old'] and not os.listdir(tmp_path / 'new')
    files.then(os.remove, tmp_path / 'old')
    files.wait()
    assert os.listdir(tmp_path) == ['new']


def write_later(path) -> None:
    LATER.write(path, b'new')
    LATER.wait()


def test_a_fork_has_a_thread_of_its_own(tmp_path):
    LATER.write(tmp_path / 'parent', b'new')
    process = multiprocessing.get_context('fork').Process(
        target=write_later, args=(tmp_path / 'child',)
    )
    process.start()
    process.join(60)
    LATER.wait()
    assert process.exitcode == 0 and sorted(os.listdir(tmp_path)) == ['child', 'parent']


def test_a_program_that_fails_finishes_its_files(root, tmp_path):
    # its folder alone: the package takes five seconds to import
    script = (
        'import sys, types\n'
        "sys.modules['utils'] = utils = types.ModuleType('utils')\n"
        "utils.__path__ = ['convcut_mm/utils']\n"
        'from utils.atomic import BackgroundWriter\n'
        'files = BackgroundWriter()\n'
        'files.write(sys.argv[1], bytes(10_000_000))\n'
        'raise KeyboardInterrupt\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', script, tmp_path / 'file'],
        cwd=root, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode and 'KeyboardInterrupt' in done.stderr
    assert (tmp_path / 'file').stat().st_size == 10_000_000 and len(os.listdir(tmp_path)) == 1


def test_a_missing_folder_is_created(tmp_path):
    path = tmp_path / 'sub' / 'file'
    write_atomically(path, b'one')
    write_atomically(path, b'two')
    assert path.read_bytes() == b'two' and os.listdir(path.parent) == ['file']
