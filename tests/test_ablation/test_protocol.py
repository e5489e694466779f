"""Protocols of the configs of this repository."""

from mmengine.config import Config

from convcut_mm.ablation import protocol
from convcut_mm.zoo import root


def config(name: str) -> Config:
    return Config.fromfile(root() / 'configs' / 'convcut' / f'{name}.py')


def test_shared_and_differing_lines():
    rows = {
        'plain': config('ablations/small/convcut-small'),
        'soft': config('ablations/small/soft-labels-small'),
    }
    lines = protocol(rows, config('ablations/small/backbone-small'))
    parts = (
        '(held out: 0.5 and 0.1, seed 1, copies in one part), without copies of valid and test, '
        'rule'
    )
    assert 'tested on: FERPlus, valid, rule majority, votes of label.csv' in lines
    stored = 'its features are stored as float16 for training, validation and test'
    assert f'backbone: frozen; {stored}' in lines
    assert (
        f'fitted on, row "plain": FERPlus, train, part holdout/fit {parts} majority, '
        'votes of label.csv'
    ) in lines
    assert (
        f'fitted on, row "soft": FERPlus, train, part holdout/fit {parts} crossentropy on the '
        'images of majority, votes of label.csv'
    ) in lines
    weights = next(line for line in lines if line.startswith('weights of the backbone: '))
    assert f'part fit/fit {parts} majority' in weights and 'AdamW' in weights


def test_choosing_on_the_test_set_is_told():
    lines = protocol({'released': config('convcut-released-base_rafdb')})
    assert 'epoch chosen by: overall accuracy (accuracy/top1) on RAFDB, test' in lines
    assert 'tested on: RAFDB, test' in lines
    name = 'convnext-base_3rdparty_32xb128_in1k_20220124-d0915162.pth'
    assert f'weights of the backbone: {name}' in lines


def test_no_choice_is_told():
    cfg = config('ablations/small/convcut-small')
    cfg.default_hooks.checkpoint.save_best = None
    assert 'epoch chosen by: nothing, it is the last one' in protocol({'row': cfg})


def test_the_backbone_tells_what_is_trained():
    """ResNet has the setting frozen_stages."""
    cfg = config('ablations/small/convcut-small')
    cfg.feature_store = None
    for stages, said in ((-1, 'trained with the rest'), (2, 'frozen in part'), (4, 'frozen')):
        cfg.model.backbone = dict(type='ResNet', depth=18, base_channels=8, frozen_stages=stages)
        assert f'backbone: {said}' in protocol({'row': cfg})
