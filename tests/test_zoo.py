"""Every registered model can be found and run, and is what it declares."""

from pathlib import Path

import pytest
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain import inference_model, list_models
from mmpretrain.apis import ModelHub
from mmpretrain.models import LinearClsHead
from mmpretrain.registry import DATASETS, HOOKS, MODELS, TRANSFORMS
from mmpretrain.structures import DataSample
from torch import nn

from convcut_mm import zoo
from convcut_mm.datasets.builder import class_names
from convcut_mm.datasets.synthetic_faces import contact_sheet
from convcut_mm.errors import ConvcutError
from convcut_mm.models.utils import classifier_layer, grad_cam_layer, is_batch_dependent
from convcut_mm.utils.config import read_config

NAMES = zoo.models()
CONFIGS = zoo.root() / 'configs'


@pytest.fixture(autouse=True, scope='module')
def scope():
    """Bare names of types are mmpretrain's."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def shrink_convnext(backbone: dict) -> None:
    backbone['arch'] = dict(depths=[1, 1, 3, 1], channels=[8, 16, 24, 32])
    if backbone.get('num_blocks') is not None:
        backbone['num_blocks'] = 2


# by type of backbone; any other is built as it is
SHRINK = dict(
    TruncatedConvNeXt=shrink_convnext,
    TruncatedTimm=lambda backbone: backbone.update(model_name='test_efficientnet', out_index=4),
    ResNet=lambda backbone: backbone.update(stem_channels=8, base_channels=8),
)


def shrunk(config: Config, images: torch.Tensor) -> nn.Module:
    """The model of a config with few channels and random weights."""
    settings = config.model
    SHRINK.get(settings.backbone.type, dict)(settings.backbone)
    settings.backbone.init_cfg = None
    maps = MODELS.build(settings.backbone)(images.float())
    # what follows takes as many channels as now come
    behind = (settings.get('neck') or {}, settings.head)
    next(part for part in behind if 'in_channels' in part).in_channels = maps[-1].shape[1]
    model = MODELS.build(dict(settings, data_preprocessor=config.data_preprocessor))
    model.init_weights()
    return model


def noise_images(config: Config, number: int = 3) -> torch.Tensor:
    """Noise as the test pipeline gives it: (N, 3, H, W) uint8."""
    noise = torch.randint(0, 256, (number, 100, 100, 3), dtype=torch.uint8).numpy()
    steps = [step for step in config.test_dataloader.dataset.pipeline if 'Load' not in step.type]
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    sizes = dict(img_shape=(100, 100), ori_shape=(100, 100))
    return torch.stack([pipeline(dict(img=image, **sizes))['inputs'] for image in noise])


@torch.no_grad()
def depends_on_batch(model: nn.Module, images: torch.Tensor) -> bool:
    """Whether the model's answers about images differ when each is its only one.

    In double precision: rounding stays orders of magnitude below what is looked for.
    """
    inputs = model.data_preprocessor(dict(inputs=images), False)['inputs'].double()
    model.eval()
    model.double()
    for parameter in model.parameters():  # gates that start at zero would hide what they let in
        parameter.add_(0.02 * torch.randn_like(parameter))

    def answers(batch: torch.Tensor) -> torch.Tensor:
        scores = [sample.pred_score for sample in model(batch, mode='predict')]
        return torch.cat([model(batch, mode='tensor'), torch.stack(scores)], dim=1)

    together, alone = answers(inputs), torch.cat([answers(one) for one in inputs.split(1)])
    differences = (alone - alone.mean(dim=0)).abs().amax(dim=0)  # between images, by number
    assert differences.amin() > 1e-9, 'all images get one answer: this tells nothing'
    return bool(((together - alone).abs() > 1e-6 * differences).any())


def contradictions(model: nn.Module, images: torch.Tensor, listed: object) -> list[str]:
    """What is said of the model's batch dependence, by itself or its metafile, and is not so."""
    found = depends_on_batch(model, images)
    said = {'its modules say': is_batch_dependent(model), 'its metafile says': listed}
    return [f'{who} {what}, it is {found}' for who, what in said.items() if what is not found]


@pytest.mark.parametrize('name', NAMES)
def test_a_model_learns_and_is_what_it_says(name):
    config = ModelHub.get(name).config
    torch.manual_seed(0)
    images = noise_images(config)
    model, classes = shrunk(config, images), config.model.head.num_classes
    samples = [DataSample().set_gt_label(i % classes) for i in range(len(images))]
    data = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    model.train()
    loss, _ = model.parse_losses(model(**data, mode='loss'))
    loss.backward()
    learning = {key for key, one in model.named_parameters() if one.requires_grad}
    assert learning == {key for key, one in model.named_parameters() if one.grad is not None}
    assert any(key.startswith('head.') for key in learning)
    model.eval()
    with torch.no_grad():
        predictions = model(**data, mode='predict')
    assert [tuple(one.pred_score.shape) for one in predictions] == [(classes,)] * len(images)
    assert all(abs(one.pred_score.sum().item() - 1) < 1e-5 for one in predictions)
    # what the tools ask of it
    layer = grad_cam_layer(model, data['inputs'])
    assert layer in dict(model.named_modules())
    assert len(model.get_submodule(classifier_layer(model)).weight) == classes
    listed = zoo.metadata(name).get('Batch Dependent', False)
    assert contradictions(model, images, listed) == []


class Head(LinearClsHead):
    """Lets the other images in, openly or not, a little or not at all."""

    def __init__(self, says: bool, mixes: float, where: str = 'forward') -> None:
        super().__init__(num_classes=3, in_channels=64)
        self.batch_dependent, self.mixes, self.where = says, mixes, where

    def forward(self, feats):
        logits = super().forward(feats)
        return logits + self.mixes * (self.where == 'forward') * logits.mean(dim=0)

    def _get_predictions(self, cls_score, data_samples):
        logits = cls_score + self.mixes * (self.where == 'predict') * cls_score.mean(dim=0)
        return super()._get_predictions(logits, data_samples)


@pytest.mark.parametrize(
    'says, mixes, where, listed, wrong',
    [
        (False, 1, 'forward', False, ['modules', 'metafile']),
        (False, 1e-4, 'predict', False, ['modules', 'metafile']),
        (True, 1, 'forward', False, ['metafile']),
        (False, 1, 'forward', True, ['modules']),
        (True, 0, 'forward', True, ['modules', 'metafile']),
        (True, 1, 'forward', 'yes', ['metafile']),
        (True, 1, 'predict', True, []),
        (False, 0, 'forward', False, []),
    ],
)
def test_no_method_can_lie_or_forget(says, mixes, where, listed, wrong):
    torch.manual_seed(0)
    backbone = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
    neck = dict(type='GlobalAveragePooling')
    settings = dict(type='ImageClassifier', backbone=backbone, neck=neck)
    model = MODELS.build(dict(settings, head=Head(says, mixes, where)))
    images = torch.randint(0, 256, (3, 3, 32, 32))
    found = contradictions(model, images, listed)
    assert [line.split()[1] for line in found] == wrong, found


@pytest.mark.parametrize('name', NAMES)
def test_every_type_in_the_config_is_registered(name):
    config = ModelHub.get(name).config
    for phase in ('train', 'val', 'test'):
        dataset = config[f'{phase}_dataloader'].dataset
        assert DATASETS.get(dataset.type) is not None
        for transform in dataset.pipeline:
            assert TRANSFORMS.get(transform.type) is not None, transform
    for hook in [*config.default_hooks.values(), *config.get('custom_hooks', [])]:
        assert HOOKS.get(hook.type) is not None, hook


@pytest.mark.parametrize('name', NAMES)
def test_who_chooses_on_the_test_set_says_so(name):
    config = ModelHub.get(name).config
    train, val, test = (
        tuple(config[f'{phase}_dataloader'].dataset.get(key) for key in ('split', 'part'))
        for phase in ('train', 'val', 'test')
    )
    assert train not in (val, test)
    # the file, or one that it builds on, has to say so to its reader
    assert (val == test) == ('TEST SET CHOOSES' in config.text)


def test_every_config_is_registered_under_its_file_name():
    files = [*CONFIGS.glob('*.py'), *CONFIGS.glob('[!_]*/*.py')]
    own = {name for name in NAMES if CONFIGS in zoo.config_file(name).parents}
    assert {path.stem for path in files} == own and len(own) == len(files) >= 7
    assert set(NAMES) <= set(list_models())
    assert zoo.register_models() == []  # a second registration changes nothing
    assert zoo.models() == NAMES


def test_every_method_s_metafile_is_in_the_index():
    index = (CONFIGS / 'model-index.yml').read_text()
    for folder in CONFIGS.glob('[!_]*/'):
        assert f'- {folder.name}/metafile.yml' in index, folder
        assert (folder / 'README.md').is_file(), folder


def test_a_config_is_found_by_its_name_and_by_its_former_one():
    formerly = {zoo.metadata(name).get('Formerly'): name for name in NAMES}
    formerly.pop(None, None)
    assert formerly
    for former, name in formerly.items():
        file = zoo.config_file(name)
        assert zoo.config_file(former) == file
        assert read_config(f'configs/{former}.py').filename == str(file)
        assert read_config(name.upper()).filename == str(file)
    for wrong in (f'confgs/{NAMES[0]}.py', f'{NAMES[0]}.txt', 'nothing'):
        with pytest.raises(ConvcutError, match=f'^{wrong}: no such config file$'):
            read_config(wrong)


@pytest.mark.parametrize('name', zoo.models(with_weights=True))
def test_inference_by_name(name):
    config = ModelHub.get(name).config
    result = inference_model(name, contact_sheet(per_class=1, size=48))
    assert result['pred_class'] in class_names(config)
    assert len(result['pred_scores']) == config.model.head.num_classes


ENTRY = '  - Name: {name}\n    Config: {config}\n'


@pytest.mark.parametrize(
    'index, message',
    [
        (ENTRY.format(name='One', config='no.py'), 'the model "one" has no config file, .*no.py'),
        ('  - Name: One\n    Weights: one.pth\n', 'the model "one" has no config file'),
        (2 * ENTRY.format(name='One', config='one.py'), 'two models are called "one"'),
        (
            ENTRY.format(name='One', config='one.py') + ENTRY.format(name='oNE', config='one.py'),
            'two models are called "one"',
        ),
        (
            ENTRY.format(name=NAMES[0], config='one.py'),
            f'a model of .* is called "{NAMES[0]}" too',
        ),
        (f'{ENTRY.format(name="One", config="one.py")}Import:\n  - gone.yml\n', 'gone.yml'),
        ('  - {', 'no model index'),
    ],
)
def test_a_metafile_with_a_mistake(index, message, tmp_path):
    (tmp_path / 'one.py').write_text('')
    file = tmp_path / 'index.yml'
    file.write_text(f'Models:\n{index}')
    with pytest.raises(ConvcutError, match=message) as error:
        zoo.register_models(file, tmp_path)
    assert str(error.value).startswith(f'{file}: ') and '\n' not in str(error.value)
    assert zoo.models() == NAMES and not ModelHub.has('one')


def test_an_installed_method_that_is_broken_is_named_and_left_out(tmp_path, monkeypatch):
    (tmp_path / 'whole.py').write_text('def register(): pass')
    for name, module in (('broken', 'nowhere'), ('whole', 'whole')):
        info = tmp_path / f'{name}-1.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: 1\n')
        (info / 'entry_points.txt').write_text(f'[{zoo.METHODS}]\n{name} = {module}:register\n')
    monkeypatch.syspath_prepend(tmp_path)
    message = (
        'method "broken" .nowhere:register. is left out, fix or uninstall it: Module.*nowhere'
    )
    with pytest.warns(UserWarning, match=message) as seen:
        assert zoo.load_methods() == ['whole']
    assert len(seen) == 1 and '\n' not in str(seen[0].message)


def test_a_method_is_registered_once_and_forgotten(tmp_path):
    (tmp_path / 'one.py').write_text('')
    file = tmp_path / 'index.yml'
    file.write_text(f'Models:\n{ENTRY.format(name="One", config="one.py")}    Weights: w.pth\n')
    try:
        assert zoo.register_models(file, tmp_path) == ['one']
        assert zoo.register_models(file, tmp_path) == []
        assert Path(zoo.weights('One')) == tmp_path / 'w.pth'
        assert zoo.models(with_weights=True)[-1] == 'one' and 'one' in list_models()
    finally:
        zoo.forget('one')
    assert zoo.models() == NAMES and 'one' not in list_models()
