"""docs/add_a_backbone.md: the config and the class, as they stand there, train and are tested."""

import pytest

PAGE, MARK = 'docs/add_a_backbone.md', 'test_docs/test_add_a_backbone.py'
# the page's config with drawn faces of few pixels in place of its data
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


@pytest.fixture
def train_and_test(tmp_path, root, run_here):
    """Runs both tools on a config of the page."""

    def run(text: str) -> None:
        own = tmp_path / 'own.py'
        own.write_text(text.replace("'convcut/", f"'{root}/configs/convcut/"))
        config = tmp_path / 'small.py'
        config.write_text(SMALL.format(config=own, data=tmp_path / 'faces'))
        work = tmp_path / 'work'
        assert run_here('tools/train.py', config, '--work-dir', work) == 0
        assert run_here('tools/test.py', config, work / 'epoch_1.pth', '--work-dir', work) == 0

    return run


def test_one_of_mmpretrain_s(page_blocks, train_and_test, capsys):
    config, *_ = page_blocks(PAGE, MARK)
    assert config.text.startswith('# configs/resnet18_ferplus.py')
    train_and_test(config.text)
    assert 'overall accuracy' in capsys.readouterr().out


def test_a_class_of_one_s_own(page_blocks, train_and_test, tmp_path, monkeypatch, capsys):
    _, _, module, config = page_blocks(PAGE, MARK)
    (tmp_path / 'my_module.py').write_text(module.text)
    monkeypatch.syspath_prepend(str(tmp_path))
    train_and_test(f"_base_ = ['convcut/convcut-atto_ferplus.py']\n{config.text}")
    assert 'overall accuracy' in capsys.readouterr().out
