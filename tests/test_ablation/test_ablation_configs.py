"""The ablations on ImageNet features: rows differ in what they are about, and learn."""

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmpretrain.registry import HOOKS, MODELS
from mmpretrain.structures import DataSample

from convcut_mm.ablation import read_set
from convcut_mm.zoo import root

FOLDER = root() / 'configs' / 'convcut' / 'ablations'
SETS = sorted(path.stem for path in FOLDER.glob('*.yml'))
# by cut, what comes out of Lite0 for 224 pixels
SHAPES = {3: (40, 28, 28), 4: (80, 14, 14), 5: (112, 14, 14), 7: (320, 7, 7), 'pooled': (1280,)}
LITE2 = (120, 14, 14)
HEAD, NECK = 'model.head.', 'model.neck.'
CUT = {'model.backbone.out_index', f'{NECK}in_channels'}
# what a row has other than convcut.py
DIFFERS = {
    'attention-batch': {
        f'{HEAD}attention',
        'val_dataloader.batch_size',
        'test_dataloader.batch_size',
    },
    'attention-only': {'model.neck', f'{HEAD}in_channels'},
    'attention-spatial': {f'{HEAD}attention'},
    'class-weights': {'custom_hooks'},
    'convcut': set(),
    'cut-full': CUT,
    'cut-group3': CUT,
    'cut-group4': CUT,
    'cut-only': {'model.neck', f'{HEAD}in_channels', f'{HEAD}attention'},
    'detail-only': {f'{HEAD}attention'},
    'focal-loss': {f'{HEAD}loss.{key}' for key in ('type', 'gamma', 'alpha', 'loss_weight')},
    'full': {
        *('model.backbone.out_index', 'model.neck', f'{HEAD}in_channels', f'{HEAD}attention')
    },
    'label-smoothing': {
        f'{HEAD}loss.{key}' for key in ('type', 'label_smooth_val', 'loss_weight')
    },
    'layers-1': {f'{NECK}num_layers'},
    'layers-3': {f'{NECK}num_layers'},
    'sampling-balanced': {'train_dataloader.sampler.type', 'train_dataloader.sampler.shuffle'},
    'sampling-sqrt': {f'train_dataloader.sampler.{key}' for key in ('type', 'shuffle', 'power')},
    'soft-labels': {
        f'{HEAD}loss.use_soft',
        *(f'train_dataloader.dataset.{key}' for key in ('rule', 'keep')),
    },
}
# sides of the map that reaches the head
SIDES = {'layers-1': 4, 'layers-3': 1, 'cut-group3': 4, 'cut-full': 1, 'attention-only': 14}
NO_MAP = {'full': 1280}


def config(name: str) -> Config:
    return Config.fromfile(FOLDER / f'{name}.py')


def flat(value, name: str = '') -> dict:
    if not isinstance(value, (dict, ConfigDict)):
        return {name: value}
    parts = [flat(part, f'{name}.{key}' if name else key) for key, part in value.items()]
    return {key: one for part in parts for key, one in part.items()}


def differing(one: Config, other: Config) -> set:
    """Names of the settings in which two configs differ; of a part that one lacks, its name."""
    left, right = flat(one.to_dict()), flat(other.to_dict())
    names = {name for name in {*left, *right} if left.get(name, '-') != right.get(name, '-')}
    return {
        'model.neck' if name.startswith(NECK) and 'model.neck' in names else name for name in names
    }


def test_every_config_is_in_a_set():
    sets = [read_set(name) for name in SETS]
    rows = {row.config.stem for one in sets for row in one.rows}
    assert rows == {path.stem for path in FOLDER.glob('*.py')}
    assert {one.name for one in sets if one.metric} == {'imbalance'}
    assert not any(one.backbone for one in sets)
    for one in sets:  # columns from other sets belong to rows by their titles
        for other in one.beside.values():
            assert {row.title for row in read_set(other).rows} <= {row.title for row in one.rows}


def test_the_paper_s_figures():
    def figures(name):
        return [tuple(row.paper.values()) for row in read_set(name).rows if row.paper]

    both = (97.33, 95.69)
    assert figures('table2') == [(75.62, 75.71), (78.65, 78.31), (84.24, 82.46), both, both, both]
    assert figures('table3') == [(92.86, 86.84), (97.33, 94.69), (95.24, 90.91)]


@pytest.mark.parametrize('name', DIFFERS)
def test_a_row_differs_in_what_it_is_about(name):
    assert differing(config('convcut'), config(name)) == DIFFERS[name]


def test_released_rows_share_data_and_features_with_the_others():
    reference, released = config('convcut'), config('released')
    assert differing(released, config('released-weights')) == {'custom_hooks'}
    no_attention = config('released-no-attention')
    assert differing(released, no_attention) == {'model.head.attention'}
    differs = differing(reference, released)
    assert not [key for key in differs if 'dataset' in key or 'backbone' in key], differs
    assert released.default_hooks.checkpoint.max_keep_ckpts == -1
    # the graph is that of the released configs
    theirs = Config.fromfile(FOLDER.parent / 'convcut-released-lite0_ferplus.py').model
    assert flat(released.model.neck) == flat(theirs.neck)
    assert flat(released.model.head) == flat(theirs.head)


def test_parts():
    cfg = config('convcut')
    for phase, part in (('train', 'fit'), ('val', 'holdout')):
        found = cfg[f'{phase}_dataloader'].dataset
        assert (found.split, found.part, found.duplicates) == ('train', part, 'clean')
    assert cfg.test_dataloader.dataset.split == 'valid'


def test_what_the_cuts_give():
    pytest.importorskip('timm')
    image = torch.zeros(1, 3, 224, 224)
    used = {config(name).model.backbone.out_index for name in DIFFERS}
    assert used == set(SHAPES)
    lite2 = config('released-lite2').model.backbone
    backbones = {cut: dict(config('convcut').model.backbone, out_index=cut) for cut in SHAPES}
    for backbone, shape in [*zip(backbones.values(), SHAPES.values()), (lite2, LITE2)]:
        backbone = dict(backbone, init_cfg=None)
        with DefaultScope.overwrite_default_scope('mmpretrain'), torch.no_grad():
            (found,) = MODELS.build(backbone)(image)
        assert found.shape[1:] == shape


@pytest.mark.parametrize('name', [*DIFFERS, 'released', 'released-weights', 'released-lite2'])
def test_neck_and_head_learn_from_features(name):
    cfg = config(name)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        parts = [MODELS.build(part) for part in (cfg.model.neck, cfg.model.head) if part]
        for hook in cfg.get('custom_hooks', []):
            HOOKS.build(hook)
    shape = LITE2 if name == 'released-lite2' else SHAPES[cfg.model.backbone.out_index]
    found = (torch.randn(4, *shape),)
    for neck in parts[:-1]:
        found = neck(found)
    side = SIDES.get(name, 14 if cfg.model.neck is None else 2)
    assert found[0].shape[2:] == ((side, side) if name not in NO_MAP else ())
    samples = [
        DataSample().set_gt_label(label).set_gt_score(torch.eye(8)[label]) for label in range(4)
    ]
    loss = parts[-1].loss(found, samples)['loss']
    loss.backward()
    assert loss.isfinite()
    for part in parts:
        assert all(parameter.grad is not None for parameter in part.parameters())
