"""Every registered config: found, built, run forward and backward at a small size."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain import get_model, inference_model, list_models
from mmpretrain.apis import ModelHub
from mmpretrain.registry import DATASETS, HOOKS, MODELS, TRANSFORMS
from mmpretrain.structures import DataSample

import convcut_mm
from convcut_mm.errors import ConvcutError
from convcut_mm.utils.config import read_config
from convcut_mm.zoo import config_file, models, register_models, root

NAMES = models()
TINY = dict(depths=[1, 1, 3, 1], channels=[8, 16, 24, 32])


def shrink(config):
    """The same kind of network with few channels, without weights from elsewhere."""
    model = config.model
    model.backbone.arch = TINY
    if model.backbone.get('num_blocks') is not None:
        model.backbone.num_blocks = 2
    model.backbone.init_cfg = None
    model.neck.in_channels = 24
    model.data_preprocessor = config.data_preprocessor
    return model


def test_every_config_is_registered_under_its_file_name():
    configs = root() / 'configs'
    files = {path.stem for path in [*configs.glob('*.py'), *configs.glob('[!_]*/*.py')]}
    assert files == set(NAMES) == set(NAMES) & set(list_models()) and len(files) >= 7
    assert register_models() == []  # a second registration changes nothing
    assert models() == NAMES


def test_every_method_s_metafile_is_in_the_index():
    index = (root() / 'configs' / 'model-index.yml').read_text()
    for folder in (root() / 'configs').glob('[!_]*/'):
        assert f'- {folder.name}/metafile.yml' in index, folder
        assert (folder / 'README.md').is_file(), folder


def test_a_config_is_found_by_its_name_and_by_its_former_one():
    assert config_file('convcut-atto_ferplus').name == 'convcut-atto_ferplus.py'
    assert config_file('convcut_released_rafdb').name == 'convcut-released-base_rafdb.py'
    assert read_config('configs/convcut_released_rafdb.py').filename.endswith('base_rafdb.py')
    assert read_config('convcut_rafdb').model.head.num_classes == 7
    for wrong in ('confgs/convcut_rafdb.py', 'convcut_rafdb.txt', 'convcut_nothing'):
        with pytest.raises(ConvcutError, match=f'^{wrong}: no such config file$'):
            read_config(wrong)


@pytest.mark.parametrize('name', NAMES)
def test_config_runs_forward_and_backward(name):
    config = ModelHub.get(name).config
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(shrink(config))
    model.init_weights()
    classes = config.model.head.num_classes
    side = 120 if 'released' in name else 64
    images = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
    samples = [DataSample().set_gt_label(i % classes) for i in range(4)]
    data = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    model.train()
    losses = model(**data, mode='loss')
    losses['loss'].backward()
    frozen = config.model.backbone.get('frozen', False)
    for key, parameter in model.named_parameters():
        if frozen and key.startswith('backbone.'):
            assert parameter.grad is None, key
        else:
            assert parameter.grad is not None, key
    model.eval()
    with torch.no_grad():
        predictions = model(**data, mode='predict')
    assert len(predictions) == 4
    assert all(abs(p.pred_score.sum().item() - 1) < 1e-5 for p in predictions)
    assert all(p.pred_score.shape == (classes,) for p in predictions)


@pytest.mark.parametrize('name', NAMES)
def test_every_type_in_the_config_is_registered(name):
    config = ModelHub.get(name).config
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        for phase in ('train', 'val', 'test'):
            dataset = config[f'{phase}_dataloader'].dataset
            assert DATASETS.get(dataset.type) is not None
            for transform in dataset.pipeline:
                assert TRANSFORMS.get(transform.type) is not None, transform
        for hook in [*config.default_hooks.values(), *config.get('custom_hooks', [])]:
            assert HOOKS.get(hook.type) is not None, hook


@pytest.mark.parametrize('name', NAMES)
def test_only_released_configs_choose_on_the_test_set(name):
    config = ModelHub.get(name).config
    train, val, test = (config[f'{p}_dataloader'].dataset for p in ('train', 'val', 'test'))
    if 'released' in name:
        assert val.split == test.split == 'test' and train.part is None
        assert config.model.head.attention == 'batch'
        # the file has to say so to its reader
        assert 'TEST SET CHOOSES' in config_file('convcut-released-base_rafdb').read_text()
    else:
        assert (train.split, train.part) == ('train', 'fit')
        assert (val.split, val.part) == ('train', 'holdout')
        assert test.split in ('test', 'valid')
        assert config.model.head.attention in ('channel', 'spatial', None)


def test_get_model_and_inference_model(tmp_path):
    from convcut_mm.datasets.synthetic_faces import contact_sheet

    image = contact_sheet(per_class=1, size=48)
    model = get_model('convcut-atto_ferplus', pretrained=True)
    assert sum(parameter.numel() for parameter in model.parameters()) <= 4_000_000
    result = inference_model(model, image)
    assert result['pred_class'] in convcut_mm.datasets.FERPlus.METAINFO['classes']
    by_name = inference_model('convcut_quickstart', image)
    assert by_name['pred_class'] in convcut_mm.datasets.RAFDB.METAINFO['classes']
    assert len(by_name['pred_scores']) == 7
