"""The floors of the house: imports run down, and no two folders import each other."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'convcut_mm'
GROUND = {'errors', 'version', 'compat', 'zoo'}
FLOORS = (
    {'utils'},
    {'models', 'datasets'},
    {'evaluation', 'feature_store'},
    {'engine'},
    {'apis', 'visualization'},
    {'ablation', 'deployment'},
    {'cli'},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in sorted(rooms)}


def imported(file: Path) -> set[tuple]:
    """Modules of this package that a file imports, as parts below ``convcut_mm``."""
    package = ('convcut_mm', *file.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(tuple(one.name.split('.')) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split('.')) if node.module else ()
            if node.level:
                module = package[: len(package) - node.level + 1] + module
            found.update((*module, one.name) for one in node.names)
    return {module[1:] for module in found if module[0] == 'convcut_mm' and len(module) > 1}


def rooms() -> dict:
    """For each folder, the folders that its files import, each with one such file."""
    edges: dict = {}
    for file in sorted(PACKAGE.rglob('*.py')):
        parts = file.relative_to(PACKAGE).parts
        if len(parts) > 1 and parts[0] != '.mim':
            for module in imported(file):
                if module[0] != parts[0]:
                    edges.setdefault(parts[0], {}).setdefault(module[0], file)
    return edges


EDGES = rooms()


def test_every_folder_has_a_floor():
    folders = {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
    assert folders == set(FLOOR)


@pytest.mark.parametrize('room', FLOOR)
def test_no_import_runs_up(room):
    for other, file in EDGES.get(room, {}).items():
        if other not in GROUND and other in FLOOR:
            assert FLOOR[other] <= FLOOR[room], f'{file} imports {other}'


@pytest.mark.parametrize('room', FLOOR)
def test_no_two_folders_import_each_other(room):
    for other, file in EDGES.get(room, {}).items():
        assert room not in EDGES.get(other, {}), f'{file} imports {other}, which imports {room}'


def test_the_ground_imports_no_floor():
    for name in GROUND:
        assert not {module[0] for module in imported(PACKAGE / f'{name}.py')} & set(FLOOR), name
