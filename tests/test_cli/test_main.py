"""Each command of ``convcut`` runs a tool."""

import pytest

from convcut_mm.cli.main import COMMANDS, main
from convcut_mm.version import __version__


def test_without_a_command_it_lists_them(capsys):
    with pytest.raises(SystemExit) as ended:
        main(['--help'])
    printed = capsys.readouterr().out
    assert ended.value.code == 0 and all(f'  {name} ' in printed for name in COMMANDS)
    with pytest.raises(SystemExit) as ended:
        main(['--version'])
    assert ended.value.code == 0 and capsys.readouterr().out.strip() == __version__


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(['trian'])
    assert ended.value.code == 2 and "'trian'" in capsys.readouterr().err


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_runs_its_tool(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, '--help'])
    assert ended.value.code == 0
    assert f'usage: convcut {name} ' in ' '.join(capsys.readouterr().out.split())


def test_a_tool_s_status_is_the_command_s(capsys):
    with pytest.raises(SystemExit) as ended:
        main(['train', 'nowhere.py'])
    assert ended.value.code == 1
    assert capsys.readouterr().err == 'error: nowhere.py: no such config file\n'
