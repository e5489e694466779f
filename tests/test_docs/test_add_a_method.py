"""docs/add_a_method.md, line by line: a stranger's package, and a backbone of mmpretrain's."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from mmpretrain import list_models

from convcut_mm import zoo

PAGE, MARK = 'docs/add_a_method.md', 'test_docs/test_add_a_method.py'
METADATA = 'Metadata-Version: 2.1\nName: toy_fer\nVersion: 0.1\n'


def file_of(text: str) -> str:
    """The path in the comment that a block opens with."""
    return text.splitlines()[0].removeprefix('# ')


@pytest.fixture(scope='module')
def toy(tmp_path_factory, page_blocks, root) -> Path:
    """A folder in which the page's package lies and is installed, its entry point included."""
    folder = tmp_path_factory.mktemp('toy')
    for block in page_blocks(PAGE, MARK):
        if block.language != 'bash' and 'resnet18' not in block.text:
            path = file_of(block.text)
            path = folder / (path if path == 'pyproject.toml' else f'toy_fer/{path[8:]}')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
    (folder / 'toy_fer' / 'toy' / 'README.md').write_text('# Toy\n')
    # what pip writes: there is no network in a test, and nothing to build
    installed = folder / 'toy_fer-0.1.dist-info'
    installed.mkdir()
    (installed / 'METADATA').write_text(METADATA)
    group, entry = (folder / 'pyproject.toml').read_text().splitlines()[-2:]
    group = group.split('"')[1]
    (installed / 'entry_points.txt').write_text(f'[{group}]\n{entry.replace(chr(34), "")}\n')
    (folder / 'tools').symlink_to(root / 'tools')
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield folder
    finally:
        sys.path.remove(str(folder))
        zoo.forget('toy_faces')


@pytest.fixture(scope='module')
def commands(page_blocks) -> dict:
    """The page's commands by the name of their tool: the words after ``python``."""
    (block,) = (one for one in page_blocks(PAGE, MARK) if one.language == 'bash')
    lines = [line.split(' #')[0].split()[1:] for line in block.text.splitlines()]
    return {Path(words[0]).stem: words for words in lines}


@pytest.fixture(scope='module')
def trained(toy, commands, run_here) -> Path:
    """The folder after train.py."""
    assert zoo.load_methods() == ['toy_fer']
    assert 'toy_faces' in zoo.models() and 'toy_faces' in list_models()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(toy)
        assert run_here(*commands['train']) == 0
        assert run_here(*commands['publish_model']) == 0
    return toy


@pytest.fixture
def run(trained, commands, run_here, monkeypatch, capsys):
    """Runs a command of the page; gives (status, stdout and stderr)."""
    monkeypatch.chdir(trained)

    def run(name: str, *more) -> tuple:
        capsys.readouterr()
        status = run_here(*commands[name], *more)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


def test_it_is_tested_image_by_image_and_says_why(run):
    status, printed = run('test')
    assert status == 0
    assert 'head (CrowdHead) looks at the other images of the batch' in printed
    assert 'each image was tested alone' in printed


def test_the_audit_finds_the_batch(run):
    status, printed = run('batch_audit')
    assert status == 3 and 'DEPENDS ON THE BATCH' in printed


def test_export_is_refused_with_the_reason(run):
    status, printed = run('export')
    assert status == 1 and 'error: head (CrowdHead) looks at the other images' in printed


def test_grad_cam_explains_the_layer_that_the_backbone_names(run, trained):
    status, printed = run('vis_cam', '--out', 'cam')
    assert status == 0 and (trained / 'cam.png').is_file(), printed


def test_the_page_lists_it(trained):
    assert 'toy_faces' in zoo.models(with_weights=True)
    names = 'from convcut_mm import zoo; print(*zoo.models(with_weights=True))'
    done = subprocess.run(
        [sys.executable, '-c', names],
        cwd=trained,
        env={'PYTHONPATH': f'{trained}:{zoo.PACKAGE.parent}', 'PATH': '/usr/bin:/bin'},
        capture_output=True,
        text=True,
    )
    # a fresh process finds it by its entry point alone
    assert 'toy_faces' in done.stdout.split(), done.stderr


def test_a_photo_is_turned_grey(trained):
    from convcut_mm.apis import ExpressionInferencer

    inferencer = ExpressionInferencer('toy_faces', device='cpu', detector='none')
    assert inferencer.backend.grey and len(inferencer.classes) == 7


def test_ablate_runs_it(run, trained):
    status, printed = run('ablate')
    table = (trained / 'work_dirs' / 'ablations' / 'toy.md').read_text()
    assert status in (None, 0), printed
    assert 'with the crowd' in table and 'GreyFaces, test, grey' in table


SMALL = """
_base_ = ['{config}']
data = dict(_delete_=True, type='DrawnFaces', data_root='{data}', train_per_class=12,
            test_per_class=4)
pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)), dict(type='PackInputs')]
train_dataloader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(**data, split='train', part='fit', pipeline=pipeline))
val_dataloader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(**data, split='train', part='holdout', pipeline=pipeline))
test_dataloader = dict(num_workers=0, dataset=dict(**data, split='test', pipeline=pipeline))
model = dict(head=dict(num_classes=7))
data_preprocessor = dict(num_classes=7)
train_cfg = dict(max_epochs=1)
"""


def test_a_backbone_of_mmpretrain_s(page_blocks, tmp_path, root, run_here, capsys):
    (block,) = (one for one in page_blocks(PAGE, MARK) if 'resnet18' in one.text)
    own, small = tmp_path / 'own.py', tmp_path / 'small.py'
    own.write_text(block.text.replace("'convcut/", f"'{root}/configs/convcut/"))
    small.write_text(SMALL.format(config=own, data=tmp_path / 'faces'))
    work = tmp_path / 'work'
    assert run_here('tools/train.py', small, '--work-dir', work) == 0
    assert run_here('tools/test.py', small, work / 'epoch_1.pth', '--work-dir', work) == 0
    assert 'overall accuracy' in capsys.readouterr().out
