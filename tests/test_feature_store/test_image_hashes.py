"""Hashes of images: each process of a training reads its share, and all know all of them."""

import hashlib
import multiprocessing
import os
from pathlib import Path

import pytest
import torch

from convcut_mm.feature_store import image_hashes
from convcut_mm.feature_store.image_hashes import hash_images


@pytest.fixture
def files(tmp_path) -> list[str]:
    paths = [tmp_path / f'{number}.png' for number in range(200)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return list(map(str, paths))


def expected(files: list[str]) -> list[str]:
    return [hashlib.sha256(Path(path).name.encode()).hexdigest() for path in files]


@pytest.mark.parametrize('count', [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize('threads', [0, 3])
def test_hashes_are_in_the_files_order(files, count, threads):
    assert hash_images(files[:count], threads) == expected(files[:count])


def hash_in_a_rank(rank: int, port: int, files: list[str], answer) -> None:
    """Hash as a rank of three does; answer with what came out, and how many files were read."""
    place = dict(RANK=rank, WORLD_SIZE=3, MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    os.environ.update({name: str(value) for name, value in place.items()})
    torch.distributed.init_process_group('gloo')
    read, real = [], image_hashes.file_sha256

    def counted(path):
        read.append(path)
        return real(path)

    image_hashes.file_sha256 = counted
    try:
        found = hash_images(files, 1)
    except OSError as error:
        found = error
    answer.send((found, len(read)))
    torch.distributed.destroy_process_group()


@pytest.fixture
def in_three(free_port):
    """Hashes files in three forks; returns their answers."""
    context = multiprocessing.get_context('fork')

    def run(files: list[str]) -> list:
        port, answers = free_port(), []
        for rank in range(3):
            pipe, end = context.Pipe(duplex=False)
            work = (rank, port, files, end)
            context.Process(target=hash_in_a_rank, args=work, daemon=True).start()
            end.close()
            answers.append(pipe)
        return [pipe.recv() for pipe in answers]

    return run


def test_processes_divide_the_files(files, in_three):
    answers = in_three(files)
    assert [found for found, _ in answers] == [expected(files)] * 3
    counts = [count for _, count in answers]
    assert sum(counts) == len(files) and max(counts) <= 128


def test_a_file_that_one_process_misses_is_named_by_all(files, in_three):
    Path(files[70]).unlink()
    for found, _ in in_three(files):
        assert isinstance(found, FileNotFoundError) and found.filename == files[70]
