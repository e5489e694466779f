"""Every config of the small ablations is in a set, loads the backbone's weights and runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATA_SAMPLERS, DATASETS, HOOKS, MODELS
from mmpretrain.structures import DataSample
from PIL import Image

from convcut_mm.ablation import read_set
from convcut_mm.feature_store import check_dataset, check_model
from convcut_mm.zoo import root

FOLDER = root() / 'configs' / 'convcut' / 'ablations' / 'small'
END = '-small'
SETS = sorted(path.stem.removesuffix(END) for path in FOLDER.glob('*.yml'))
ROWS = sorted(path.stem.removesuffix(END) for path in FOLDER.glob('*.py'))
ROWS.remove('backbone')


def config(name: str) -> Config:
    return Config.fromfile(FOLDER / f'{name}{END}.py')


def build(cfg: Config):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """An untrained checkpoint of backbone.py."""
    model = build(config('backbone'))
    model.init_weights()
    path = tmp_path_factory.mktemp('backbone') / 'epoch_10.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return path, model


@pytest.fixture(scope='module')
def faces(tmp_path_factory) -> Path:
    """40 images of each emotion in FER2013Train, noise."""
    root = tmp_path_factory.mktemp('ferplus')
    folder = root / 'FER2013Train'
    folder.mkdir()
    rows = []
    noise = np.random.default_rng(0)
    for number in range(320):
        name = f'fer{number:07d}.png'
        Image.fromarray(noise.integers(0, 256, (48, 48), np.uint8)).save(folder / name)
        votes = [0] * 10
        votes[number % 8], votes[(number + 1) % 8] = 7, 3
        rows.append(f'{name},"(0, 0, 48, 48)",{",".join(map(str, votes))}\n')
    (folder / 'label.csv').write_text(''.join(rows))
    return root


def dataset(cfg: Config, phase: str, root: Path):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        options = {**cfg[f'{phase}_dataloader'].dataset, 'data_root': str(root)}
        return DATASETS.build(options)


def test_every_config_is_in_a_set():
    sets = [read_set(f'{name}{END}') for name in SETS]
    assert {row.config.stem for one in sets for row in one.rows} == {f'{row}{END}' for row in ROWS}
    assert {one.name for one in sets if one.backbone is None} == {'released-untrained-small'}
    assert {one.backbone.stem for one in sets if one.backbone} == {'backbone-small'}
    names = ['attention', 'cut', 'imbalance', 'released', 'released-untrained']
    assert SETS == [*names, 'table2', 'table3']


def test_the_paper_s_figures():
    def figures(name):
        return [tuple(row.paper.values()) for row in read_set(f'{name}{END}').rows if row.paper]

    both = (97.33, 95.69)
    assert figures('table2') == [(75.62, 75.71), (78.65, 78.31), (84.24, 82.46), both, both, both]
    assert figures('table3') == [(92.86, 86.84), (97.33, 94.69), (95.24, 90.91)]


@pytest.mark.parametrize('name', ROWS)
def test_row_takes_the_backbone_and_learns(name, weights, faces):
    path, trained = weights
    cfg = config(name)
    pretrained = name != 'released-untrained'
    if pretrained:
        assert cfg.model.backbone.init_cfg.checkpoint.endswith(
            'backbone-small/seed_0/epoch_10.pth'
        )
        cfg.model.backbone.init_cfg.checkpoint = str(path)
    model = build(cfg)
    model.init_weights()
    same = {
        key: torch.equal(value, trained.backbone.state_dict()[key])
        for key, value in model.backbone.state_dict().items()
    }
    assert all(same.values()) == pretrained, same
    check_model(model)
    fit = dataset(cfg, 'train', faces)
    check_dataset(fit, 'train_dataloader')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        DATA_SAMPLERS.build(cfg.train_dataloader.sampler, default_args=dict(dataset=fit, seed=0))
        for hook in cfg.get('custom_hooks', []):
            HOOKS.build(hook)
    samples = [fit[number]['data_samples'] for number in range(4)]
    images = torch.randint(0, 256, (4, 3, 48, 48), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    model.train()
    loss = model(**data, mode='loss')['loss']
    loss.backward()
    assert loss.isfinite()
    for key, parameter in model.named_parameters():
        assert (parameter.grad is None) == key.startswith('backbone.'), key
    model.eval()
    with torch.no_grad():
        assert model(**data, mode='predict')[0].pred_score.shape == (8,)


def test_backbone_learns_as_a_whole(weights):
    _, model = weights
    images = torch.randint(0, 256, (2, 3, 48, 48), dtype=torch.uint8)
    samples = [DataSample().set_gt_label(3), DataSample().set_gt_label(7)]
    data = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    model.train()
    model(**data, mode='loss')['loss'].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    model.eval()


@pytest.mark.parametrize(
    'name, side',
    [
        ('full', 2),
        ('cut-only', 4),
        ('attention-only', 4),
        ('convcut', 2),
        ('cut-stage2', 2),
        ('cut-released', 2),
        ('cut-full', 2),
        ('released', 1),
        ('layers-1', 4),
        ('layers-2', 2),
        ('layers-3', 1),
    ],
)
def test_map_that_reaches_the_head(name, side):
    cfg = config(name)
    cfg.model.backbone.init_cfg = None
    model = build(cfg).eval()
    with torch.no_grad():
        (found,) = model.extract_feat(torch.zeros(1, 3, 48, 48))
    assert found.shape[-2:] == (side, side) and found.shape[1] == cfg.model.head.in_channels


def names(cfg: Config, phase: str, root: Path) -> set:
    found = dataset(cfg, phase, root)
    return {found.get_data_info(number)['img_path'] for number in range(len(found))}


@pytest.fixture(scope='module')
def half(faces) -> list:
    """Return the images that the backbone is trained and chosen on."""
    return [names(config('backbone'), phase, faces) for phase in ('train', 'val')]


@pytest.mark.parametrize('name', ROWS)
def test_no_image_of_the_backbone_s_half(name, faces, half):
    other = [names(config(name), phase, faces) for phase in ('train', 'val')]
    assert [len(part) for part in (*half, *other)] == [144, 16, 144, 16]
    assert len(set().union(*half, *other)) == 320
    for cfg in (config(name), config('backbone')):
        assert cfg.test_dataloader.dataset.split == 'valid'
        assert cfg.test_dataloader.dataset.get('rule') in (None, 'majority')
        assert cfg.val_dataloader.dataset.get('rule') in (None, 'majority')
