"""Each command of README.md and docs/ is run: by .ci/run, by a test that is named, or here."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from convcut_mm.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = ['README.md', *sorted(f'docs/{page.name}' for page in (ROOT / 'docs').glob('*.md'))]
INLINE = re.compile(r'`((?:python tools/|convcut [a-z])[^`]+)`')


def commands(text: str) -> list:
    """The lines of a block, joined where they go on, without comments."""
    lines = text.replace('\\\n', ' ').splitlines()
    stripped = [re.sub(r'(^|\s+)#.*', '', line).strip() for line in lines]
    return [line for line in stripped if line]


def test_marks_name_what_runs_the_block(root, page_blocks):
    ci = (root / '.ci' / 'run').read_text()
    kinds = set()
    for page in PAGES:
        for (kind, value), _, _ in page_blocks(page):
            kinds.add(kind)
            if kind == 'ci':
                assert f'run_line {value}\n' in ci, value
            elif kind == 'test':
                assert (root / 'tests' / value).is_file(), f'{page}: no test {value}'
    assert kinds == {'', 'ci', 'test'}


def test_extras_exist(root):
    extras = re.findall(r"^ {8}'(\w+)': ", (root / 'setup.py').read_text(), re.MULTILINE)
    asked = set()
    for page in PAGES:
        for names in re.findall(r'pip install [^`\n]*\[([\w,]+)\]', (root / page).read_text()):
            asked.update(names.split(','))
    assert asked and asked <= set(extras)


@pytest.mark.parametrize('page', PAGES)
def test_commands_run_as_they_stand(page, page_blocks, place, run_here, monkeypatch, capsys):
    """In the order of the page, in one folder; words in capitals stand for files."""
    folder, stands_for = place
    monkeypatch.chdir(folder)
    for mark, language, text in page_blocks(page):
        if language != 'bash' or mark[0]:
            continue
        for line in commands(text):
            words = [stands_for.get(word, word) for word in shlex.split(line)]
            if words[:2] == ['pip', 'install']:
                continue
            assert words[0] == 'python' and words[1].startswith('tools/'), line
            _provide(folder, words)
            status = run_here(*words[1:])
            assert status in (None, 0), f'{line}\n{capsys.readouterr().err[-2000:]}'


def _provide(folder: Path, words: list) -> None:
    """A later epoch's checkpoint, where only one was trained."""
    for word in words:
        later = re.search(r'/(best_accuracy_top1_)?epoch_\d+\.pth$', word)
        if later and not (folder / word).exists():
            (folder / word).symlink_to('epoch_1.pth')


@pytest.mark.parametrize('page', PAGES)
def test_inline_commands_are_understood(page, root, monkeypatch):
    """By the tool's own parser; words in capitals stand for anything."""
    for command in INLINE.findall((root / page).read_text()):
        words = shlex.split(re.sub(r'[\[\]]', '', command))
        words = [word for word in words if word != '...']
        if words[0] == 'convcut':
            words[:2] = ['python', f'tools/{COMMANDS[words[1]][0]}']
            if len(words) == 2:  # only the command's name
                continue
        if words[-1] == '--model':
            words.pop()
        with monkeypatch.context() as patch:
            patch.setattr(sys, 'argv', words[1:])
            patch.syspath_prepend(str((root / words[1]).parent))
            runpy.run_path(str(root / words[1]), run_name='docs')['parse_args']()


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page, root):
    for target in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', (root / page).read_text()):
        assert ((root / page).parent / target).exists(), target
