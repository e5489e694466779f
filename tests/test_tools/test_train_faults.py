"""Trainings on a full disk, with NaN, in an occupied folder, and after the folder moved."""

import os
import shutil
import signal
from pathlib import Path

import mmpretrain
import pytest
import torch
from fixtures.data import largest_file
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmpretrain.registry import HOOKS

from convcut_mm.evaluation import load_predictions
from convcut_mm.utils import work_folder

MIM_TOOLS = Path(mmpretrain.__file__).parent / '.mim' / 'tools'
HERE = 'train_dataloader = dict(num_workers=0)\n'  # persistent_workers stays True


def weights_in(folder: Path) -> dict:
    """Return names and contents of all weights in a work folder, drafts too."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.suffix in ('.pth', '.convcut-tmp') or path.name == 'last_checkpoint'
    }


@pytest.fixture
def error_line(run_tool_here):
    """Run a tool that has to fail with one line; return that line."""

    def run(*args) -> str:
        # the logger of an earlier training of this process writes to a stream that is closed
        MMLogger._instance_dict.clear()
        status, err = run_tool_here(*args)
        assert status == 1 and 'Traceback' not in err and 'Logging error' not in err, err
        line = err.strip().splitlines()[-1]
        assert line.startswith('error: ')
        return line

    return run


def test_full_disk_and_a_folder_that_moved(error_line, run_here, small_config, tmp_path):
    work = tmp_path / 'work'
    config = small_config(epochs=2, extra=HERE)
    train = ('tools/train.py', config, '--work-dir')
    one = ('--cfg-options', 'train_cfg.max_epochs=1')
    assert run_here(*train, work, *one) == 0
    before = weights_in(work)
    assert before.keys() == {
        *('epoch_1.pth', 'best_accuracy_top1_epoch_1.pth', 'end_of_training.pth'),
        'last_checkpoint',
    }
    # checkpoints take more than 100 kB, logs and configs less
    with largest_file(100_000):
        line = error_line(*train, work, '--resume')
    assert f'{work}/' in line and '.pth: File too large; free some space' in line
    assert weights_in(work) == before
    # the log and the config
    with largest_file(4000):
        line = error_line(*train, tmp_path / 'none', '--resume')
    assert f'{tmp_path}/none/' in line and 'File too large; free some space' in line
    for path in (tmp_path / 'none').glob('*.py'):
        raise AssertionError(f'{path} was left')

    moved = tmp_path / 'moved'
    work.rename(moved)
    shutil.copytree(moved, work)  # what stands where the notes say is another run by now
    untouched = weights_in(work)
    assert run_here(*train, moved, '--resume') == 0
    after = weights_in(moved)
    assert {'epoch_1.pth', 'epoch_2.pth'} < after.keys() and weights_in(work) == untouched
    last = torch.load(moved / 'epoch_2.pth', weights_only=False)
    assert (
        last['meta']['iter']
        == 2 * torch.load(moved / 'epoch_1.pth', weights_only=False)['meta']['iter']
    )
    best = last['message_hub']['runtime_info']['best_ckpt']
    assert Path(best).parent == moved and [Path(best)] == list(moved.glob('best_*.pth'))
    # mmengine's own way to resume leads here too
    shutil.rmtree(work)
    options = ('--resume', '--cfg-options', 'train_cfg.max_epochs=3')
    options += ('train_dataloader.persistent_workers=False',)
    assert run_here(MIM_TOOLS / 'train.py', config, '--work-dir', moved, *options) == 0
    assert (moved / 'epoch_3.pth').is_file()
    (moved / 'epoch_3.pth').unlink()
    line = error_line(*train, moved, *options)
    assert f'{moved}/last_checkpoint: the checkpoint that it names' in line


def test_a_second_run_puts_the_first_one_s_checkpoints_aside(run_here, small_config, tmp_path):
    work = tmp_path / 'work'
    config = small_config(extra=HERE)
    assert run_here('tools/train.py', config, '--work-dir', work) == 0
    first = weights_in(work)
    # what a kill can leave beside the best
    (work / 'best_accuracy_top1_epoch_9.pth').write_bytes(b'')
    changed = ('--cfg-options', 'randomness.seed=1')
    assert run_here('tools/train.py', config, '--work-dir', work, *changed) == 0
    assert len(list(work.glob('best_*.pth'))) == 1  # the pages' commands name it so
    (aside,) = work.glob('earlier_*')
    kept = weights_in(aside)
    assert kept.pop('best_accuracy_top1_epoch_9.pth') == b'' and kept == first
    assert weights_in(work)['epoch_1.pth'] != first['epoch_1.pth']


@pytest.mark.parametrize(
    'batch,weight,named',
    [
        (6, 1, 'epoch 1, iteration 2: the loss is nan'),
        # the only step of the epoch: its loss is a number, the weights after it are not
        (84, 1e30, 'epoch 1: the weight "backbone.'),
    ],
)
def test_nan_is_never_saved(batch, weight, named, error_line, small_config, tmp_path):
    work = tmp_path / 'work'
    extra = (
        "optim_wrapper = dict(_delete_=True, optimizer=dict(type='SGD', lr=1e30))\n"
        f'model = dict(head=dict(loss=dict(loss_weight={weight})))\nparam_scheduler = []\n'
    )
    config = small_config(batch_size=batch, extra=HERE + extra)
    line = error_line('tools/train.py', config, '--work-dir', work)
    assert named in line and 'optim_wrapper.optimizer.lr' in line
    assert weights_in(work) == {}


@HOOKS.register_module()
class PoisonedLoss(Hook):
    """Make the loss of the second process NaN, once."""

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if batch_idx == 1 and os.environ['RANK'] == '1':
            outputs['loss'] = torch.tensor(float('nan'))


def test_nan_in_one_process_ends_all_at_the_same_iteration(fork_two, small_config, tmp_path):
    extra = HERE + "custom_hooks = [dict(type='PoisonedLoss')]\n"
    config = small_config(epochs=3, embedding=None, extra=extra)
    forks = fork_two('tools/train.py', config, '--work-dir', tmp_path / 'work')
    for fork, value in zip(forks, ('not finite in another process', 'nan')):
        assert fork.wait() == 1
        line = fork.log.read_text().strip().splitlines()[-1]
        assert f'epoch 1, iteration 2: the loss is {value}' in line
    assert weights_in(tmp_path / 'work') == {}


def test_one_training_at_a_time_in_a_folder(
    error_line, run_here, fork_tool, small_config, tmp_path
):
    work = tmp_path / 'work'
    config = small_config(epochs=500, extra=HERE)
    first = fork_tool('tools/train.py', config, '--work-dir', work)
    checked = []

    def second_is_refused() -> bool:
        if not (work / 'last_checkpoint').is_file():
            return False
        os.kill(first.process.pid, signal.SIGSTOP)  # its best checkpoint stays that one meanwhile
        files = {path.name for path in work.iterdir() if path.is_dir()}
        line = error_line('tools/train.py', config, '--work-dir', work)
        assert f'{work}: another training (process {first.process.pid} on ' in line
        assert 'choose another --work-dir' in line
        assert {path.name for path in work.iterdir() if path.is_dir()} == files
        # a test is welcome
        best = next(work.glob('best_*.pth'))
        assert run_here('tools/test.py', config, best, '--work-dir', work) == 0
        checked.append(True)
        return True

    assert first.kill_when(second_is_refused) == -signal.SIGKILL and checked
    # the kernel has let go of it
    work_folder.lock(work)
    work_folder.release(work)


def test_tta_averages_each_image_and_its_mirror_image(run_here, tiny_model, tmp_path):
    config, checkpoint = tiny_model()
    mirrored = tmp_path / 'mirrored.py'
    mirrored.write_text(
        f"_base_ = ['{config}']\n"
        "flip = dict(type='RandomFlip', prob=1.0)\n"
        'load, crop, pack = _base_.test_pipeline\n'
        'test_dataloader = dict(dataset=dict(pipeline=[load, crop, flip, pack]))\n'
    )

    def scores(tool, config, *options):
        out = tmp_path / f'{len(list(tmp_path.iterdir()))}.pkl'
        options = ('--out', out, '--work-dir', tmp_path / 'work', *options)
        assert run_here(tool, config, checkpoint, *options) == 0
        return load_predictions(out).probabilities

    plain, flipped = scores('tools/test.py', config), scores('tools/test.py', mirrored)
    assert abs(plain - flipped).max() > 1e-3
    for tool in ('tools/test.py', MIM_TOOLS / 'test.py'):
        assert scores(tool, config, '--tta') == pytest.approx((plain + flipped) / 2, abs=1e-6)


def test_too_few_classes_and_a_full_shared_memory(error_line, small_config, tmp_path):
    work = ('--work-dir', tmp_path / 'work', '--cfg-options')
    config = small_config(extra=HERE)
    line = error_line('tools/train.py', config, *work, 'model.head.num_classes=6')
    assert 'model.head.num_classes=6: the data set of train_dataloader has 7 classes' in line
    assert not (tmp_path / 'work').exists()
    with largest_file(40_000):  # more than a log, less than a batch
        line = error_line('tools/train.py', config, *work, 'train_dataloader.num_workers=1')
    assert '/dev/shm is full' in line and 'train_dataloader.num_workers=0' in line
