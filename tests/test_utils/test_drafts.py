"""The next run removes the drafts of dead processes, and nothing else."""

import multiprocessing
import os
import secrets
import signal

import pytest

from convcut_mm.datasets.synthetic_faces import render_dataset
from convcut_mm.utils.atomic import LATER, atomic_file, write_atomically
from convcut_mm.utils.drafts import Draft, draft_folder, remove_leftovers, scratch_folder

FORK = multiprocessing.get_context('fork')


def names(folder) -> list:
    return sorted(os.listdir(folder))


@pytest.fixture
def fork():
    """Run a function in a process, with a connection on which it reports."""
    started = []

    def start(function, *args):
        here, there = FORK.Pipe()
        process = FORK.Process(target=function, args=(there, *args))
        process.start()
        started.append(process)
        assert here.poll(60)
        process.said = here.recv()
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


def kill(process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def write_all_kinds(connection, folder) -> None:
    with (
        atomic_file(folder / 'table.csv') as table,
        draft_folder(folder / 'faces') as faces,
        scratch_folder(folder / 'model.onnx') as scratch,
    ):
        table.write(b'half')
        (faces / 'deep').mkdir()
        (faces / 'deep' / 'a.jpg').write_bytes(b'half')
        (scratch / 'model.xml').write_bytes(b'half')
        video = Draft(folder / 'video.mp4', suffix='.mp4')
        with open(video.place, 'wb') as other:  # as OpenCV, which opens it by its name
            other.write(b'half')
            connection.send(names(folder))
            signal.pause()


def test_only_drafts_of_dead_processes_are_removed(tmp_path, fork):
    dead, living = fork(write_all_kinds, tmp_path), fork(write_all_kinds, tmp_path)
    assert len(dead.said) == 4 and any(name.endswith('.mp4') for name in dead.said)
    # the second found the first alive
    assert set(dead.said) < set(living.said) and len(living.said) == 8
    kill(dead)
    write_atomically(tmp_path / 'results.json', b'{}')
    assert set(names(tmp_path)) == {'results.json', *living.said} - set(dead.said)
    kill(living)
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ['results.json']


def fork_and_wait(connection, folder) -> None:
    draft = Draft(folder / 'file')
    child = FORK.Process(target=signal.pause)
    child.start()
    connection.send((draft.place, child.pid))
    signal.pause()


def test_a_child_that_lives_on_does_not_keep_its_parents_draft(tmp_path, fork):
    parent = fork(fork_and_wait, tmp_path)
    place, child = parent.said
    remove_leftovers(tmp_path)
    assert place.exists()
    kill(parent)
    remove_leftovers(tmp_path)
    os.kill(child, signal.SIGKILL)
    assert not place.exists()


def draft_like(name: str) -> str:
    return f'.{name}.{secrets.token_hex(8)}.convcut-tmp'


def test_other_files_stay(tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'notes').write_text('mine')
    (tmp_path / 'file').write_text('mine')
    for name in ('.notes.convcut-tmp', '.a.123.convcut-tmp', 'a.convcut-tmp', '.a.tmp', 'x.pid'):
        (tmp_path / name).write_text('mine')
    (tmp_path / draft_like('link')).symlink_to(tmp_path / 'mine')
    (tmp_path / draft_like('link2')).symlink_to(tmp_path / 'file')
    os.mkfifo(tmp_path / draft_like('fifo'))
    before = names(tmp_path)
    leftover = tmp_path / draft_like('folder')
    leftover.mkdir()
    (leftover / 'link').symlink_to(tmp_path / 'mine')  # of it the link goes, not the target
    remove_leftovers(tmp_path)
    assert names(tmp_path) == before and (tmp_path / 'mine' / 'notes').exists()
    remove_leftovers(tmp_path / 'nowhere')


@pytest.mark.parametrize('name', ['x' * 255, 'é' * 127, os.fsdecode(b'caf\xe9.jpg')])
def test_long_and_strange_names(name, tmp_path):
    write_atomically(tmp_path / name, b'whole')
    assert names(tmp_path) == [name]


def test_a_draft_lasts_until_it_is_finished_later(tmp_path):
    LATER.then(remove_leftovers, tmp_path)
    LATER.write(tmp_path / 'file', b'whole')
    remove_leftovers(tmp_path)
    LATER.wait()
    assert names(tmp_path) == ['file']


def test_a_folder_never_replaces_another(tmp_path):
    (tmp_path / 'faces').mkdir()
    (tmp_path / 'faces' / 'mine').write_text('')
    with pytest.raises(OSError), draft_folder(tmp_path / 'faces') as draft:
        (draft / 'new').write_text('')
    (tmp_path / 'plain').write_text('mine')
    with pytest.raises(OSError), draft_folder(tmp_path / 'plain'):
        pass
    assert names(tmp_path) == ['faces', 'plain'] and names(tmp_path / 'faces') == ['mine']


def render(connection, root) -> None:
    connection.send(None)
    render_dataset(root, train_per_class=5000)


def test_leftovers_of_a_killed_tool_are_removed(tmp_path, fork):
    rendering = fork(render, tmp_path / 'faces')
    while not list(tmp_path.glob('.faces.*/basic/Image/aligned/*.jpg')):
        assert rendering.is_alive()
    kill(rendering)
    assert len(names(tmp_path)) == 1
    # the first draft of this process here, as in a new process
    render_dataset(tmp_path / 'faces', train_per_class=1, test_per_class=1)
    assert names(tmp_path) == ['faces']
