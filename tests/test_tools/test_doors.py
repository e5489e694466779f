"""Every way by which a checkpoint is loaded, with checkpoints that try to run code."""

import json
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import mmengine.logging.history_buffer as reached
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmpretrain import get_model
from mmpretrain.registry import MODELS
from PIL import Image

from convcut_mm import ConvcutError, ExpressionInferencer
from convcut_mm.utils.checkpoint import load_from_local

MARK = 'reached_by_a_checkpoint'
CLASS = b'cmmengine.logging.history_buffer\nHistoryBuffer\n'
GETATTR = b'c__builtin__\ngetattr\n'


def text(value: str) -> bytes:
    return b'X' + len(value).to_bytes(4, 'little') + value.encode()


def archive(path, content: bytes):
    """Return a file of torch.save with this pickle in it."""
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('archive/data.pkl', content)
        file.writestr('archive/version', '3\n')
    return path


@pytest.fixture(scope='module')
def hostile(tmp_path_factory):
    """Files that would run code in an unsafe unpickler."""
    folder = tmp_path_factory.mktemp('hostile')
    canary = folder / 'canary'
    # vars(mmengine.logging.history_buffer)[MARK] = 1, by attributes of an allowed class
    module = GETATTR + GETATTR + CLASS + text('mean') + b'\x86R' + text('__globals__') + b'\x86R'
    make = b'cposix\nmkdir\n' + text(str(canary)) + b'\x85R'
    weights = b'}' + text('state_dict') + b'}s'
    yield {
        'attributes': archive(
            folder / 'attributes.pth',
            b'\x80\x02' + weights + text('a') + module + text(MARK) + b'K\x01ss.',
        ),
        'call': archive(folder / 'call.pth', b'\x80\x02' + weights + text('a') + make + b's.'),
    }
    assert not canary.exists()
    assert MARK not in vars(reached)


@pytest.fixture(scope='module')
def server(hostile):
    folder = hostile['call'].parent
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield f'http://127.0.0.1:{running.server_port}'
        running.shutdown()


def is_safe(hostile) -> bool:
    return MARK not in vars(reached) and not (hostile['call'].parent / 'canary').exists()


def test_the_files_are_what_they_say(hostile):
    """The trap works: an unpickler that allows getattr reaches it and creates a folder."""
    try:
        with torch.serialization.safe_globals([HistoryBuffer, getattr]):
            torch.load(hostile['attributes'], weights_only=True)
        assert vars(reached).pop(MARK) == 1
        torch.load(hostile['call'], weights_only=False)
    finally:
        vars(reached).pop(MARK, None)
        (hostile['call'].parent / 'canary').rmdir()


def backbone(checkpoint: str, own: bool):
    """A backbone that loads a checkpoint: ours by our loader, mmpretrain's by mmengine's."""
    arch = dict(depths=[1, 1, 2, 1], channels=[8, 16, 24, 32])
    config = dict(
        type='TruncatedConvNeXt' if own else 'mmpretrain.ConvNeXt', arch=arch,
        init_cfg=dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.'),
    )  # fmt: skip
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        MODELS.build(config).init_weights()


@pytest.mark.parametrize('kind', ['attributes', 'call'])
def test_doors_of_the_library(kind, hostile, server, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setenv('MMENGINE_HOME', str(tmp_path))
    config, _ = tiny_model()
    file = str(hostile[kind])
    zoo = dict(own=file, web=f'{server}/{kind}.pth')
    (tmp_path / 'open_mmlab.json').write_text(json.dumps(zoo))
    doors = [
        lambda: get_model(str(config), pretrained=file),
        lambda: get_model(Config.fromfile(config), pretrained=f'{server}/{kind}.pth'),
        lambda: ExpressionInferencer(config, file, detector='none'),
        lambda: CheckpointLoader.load_checkpoint(file),
        lambda: CheckpointLoader.load_checkpoint(f'{server}/{kind}.pth', 'cpu'),
        lambda: CheckpointLoader.load_checkpoint('open-mmlab://own'),
        lambda: CheckpointLoader.load_checkpoint('openmmlab://web'),
        lambda: CheckpointLoader.load_checkpoint(f's3://{file}'),
        lambda: load_checkpoint(torch.nn.Linear(2, 2), file),
        lambda: backbone(file, own=True),
        lambda: backbone(file, own=False),
    ]
    for door in doors:
        with pytest.raises(ConvcutError) as error:
            door()
        assert '\n' not in str(error.value) and is_safe(hostile)
        assert 'refused, because it needs "' in str(error.value) or 's3://' in str(error.value)


def test_doors_of_the_tools(hostile, tiny_model, run_here, tmp_path, capsys):
    config, _ = tiny_model()
    file, out, photo = hostile['attributes'], tmp_path / 'out', tmp_path / 'face.png'
    Image.new('RGB', (64, 64)).save(photo)
    train = ('tools/train.py', config, '--work-dir', out)
    doors = [
        ('tools/infer.py', photo, '--model', config, '--checkpoint', file, '--out', out),
        ('tools/test.py', config, file, '--work-dir', out),
        (*train, '--resume', file),
        (*train, '--pretrained', file),
        (*train, '--cfg-options', f'load_from={file}'),
        (*train, '--cfg-options', 'model.backbone.init_cfg.0.type=Pretrained',
         f'model.backbone.init_cfg.0.checkpoint={file}'),
        ('tools/deployment/export.py', config, file, '--format', 'onnx', '--out', out / 'a.onnx'),
        ('tools/model_converters/publish_model.py', config, file, out / 'small.safetensors'),
        ('tools/analysis_tools/batch_audit.py', config, file, '--out', out),
        ('tools/visualization/vis_cam.py', '--model', 'a', config, file, '--out', out),
        ('tools/analysis_tools/confusion_matrix.py', config, file, '--out', out),
    ]  # fmt: skip
    for door in doors:
        status = run_here(*door)
        printed = capsys.readouterr().err.strip().splitlines()
        assert status == 1 and is_safe(hostile), (door, printed[-3:])
        assert f'{file}: refused, because it needs "' in printed[-1], (door, printed[-3:])
        assert printed[-1].startswith('error: ')


def test_what_mmengine_would_do_with_honest_data(tmp_path):
    """A checkpoint of plain data that makes mmengine run text or delete files on resume."""
    precious, best = tmp_path / 'home', tmp_path / 'run' / 'best_accuracy_epoch_1.pth'
    precious.mkdir()
    best.parent.mkdir()
    best.touch()
    path = best.parent / 'epoch_1.pth'
    info = dict(
        best_ckpt=str(precious), best_ckpt_a='/elsewhere/best_accuracy_epoch_1.pth',
        last_ckpt=str(best.parent / 'precious.txt'), keep_ckpt_ids=['/../../home/x', 1], epoch=3,
    )  # fmt: skip
    torch.save(
        dict(
            state_dict={},
            meta=dict(config='import os; os.mkdir("canary")', epoch=1, cfg='a = 1'),
            message_hub=dict(log_scalars={}, runtime_info=info, resumed_keys={}),
        ),
        path,
    )
    loaded = load_from_local(str(path))
    assert loaded['meta'] == dict(epoch=1, cfg='a = 1')
    # only files beside it that are called like checkpoints, wherever the folder was before
    assert loaded['message_hub']['runtime_info'] == dict(
        best_ckpt_a=str(best), keep_ckpt_ids=[1], epoch=3
    )


@pytest.mark.parametrize(
    'content, message',
    [
        ([1], 'expected a checkpoint with a state_dict, got a list'),
        (dict(state_dict=[1]), 'its state_dict is not one of tensors by name'),
        (dict(state_dict={'a': 1}), 'its state_dict is not one of tensors by name'),
        (dict(state_dict={}, meta=[1]), "its meta is not mmengine's"),
        (
            dict(state_dict={}, meta=dict(dataset_meta=dict(classes=3))),
            "its meta is not mmengine's",
        ),
        (dict(state_dict={}, meta=dict(dataset_meta=dict(classes=['\x1b[31m']))), 'its meta is'),
    ],
)
def test_data_of_another_shape(content, message, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ConvcutError, match=message):
        load_from_local(str(tmp_path / 'a.pth'))


def test_two_addresses_with_one_file_name(server, hostile, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    for name in ('a', 'b'):
        folder = hostile['call'].parent / name
        folder.mkdir()
        torch.save(dict(state_dict=dict(name=torch.tensor(ord(name)))), folder / 'w.pth')
    for _ in range(2):
        for name in ('a', 'b'):
            loaded = CheckpointLoader.load_checkpoint(f'{server}/{name}/w.pth', 'cpu')
            assert loaded['state_dict']['name'] == ord(name)
    with pytest.raises(ConvcutError, match='w2.pth: cannot be downloaded .HTTP status 404'):
        CheckpointLoader.load_checkpoint(f'{server}/w2.pth')


def test_predictions(hostile, run_here, tiny_model, capsys, tmp_path):
    """Files of tools/test.py --out are plain pickles; code in them never runs."""
    config, _ = tiny_model()
    with zipfile.ZipFile(hostile['call']) as file:
        content = file.read('archive/data.pkl')
    (tmp_path / 'p.pkl').write_bytes(content)
    for tool in (
        ('tools/analysis_tools/confusion_matrix.py', config, tmp_path / 'p.pkl'),
        ('tools/analysis_tools/eval_metric.py', config, tmp_path / 'p.pkl'),
    ):
        assert run_here(*tool, '--out', tmp_path / 'out') != 0
        assert 'refused, because it needs "posix.mkdir"' in capsys.readouterr().err
        assert is_safe(hostile)
