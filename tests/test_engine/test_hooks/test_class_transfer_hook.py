"""Classifier rows of classes with the same name are reused."""

import pytest
import torch

from convcut_mm import ConvcutError
from convcut_mm.engine.hooks.class_transfer_hook import checkpoint_classes, transfer_classifier

LAYER = 'head.fc'


def head(rows: int, start: float, prefix: str = '', layer: str = LAYER) -> dict:
    """A classifier of two inputs whose rows count up from ``start``."""
    numbers = torch.arange(start, start + rows)
    return {
        f'{prefix}{layer}.weight': torch.stack([numbers, -numbers], dim=1),
        f'{prefix}{layer}.bias': 0.5 * numbers,
    }


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_rows_are_matched_by_name(prefix, dtype):
    weights = {key: value.to(dtype) for key, value in head(3, 10.0, prefix).items()}
    weights[f'{prefix}neck.weight'] = torch.ones(2)
    fresh = head(4, 100.0)
    known, classes = ('neutral', 'happiness', 'anger'), ('Angry', 'boredom', 'happy', 'neutral')
    taken = transfer_classifier(weights, fresh, known, classes, LAYER)
    assert taken == ['Angry', 'happy', 'neutral']
    assert weights[f'{prefix}head.fc.weight'].tolist() == [
        [12, -12], [101, -101], [11, -11], [10, -10],
    ]  # fmt: skip
    assert weights[f'{prefix}head.fc.bias'].tolist() == [6, 50.5, 5.5, 5]
    assert weights[f'{prefix}head.fc.bias'].dtype == torch.float32
    assert torch.equal(weights[f'{prefix}neck.weight'], torch.ones(2))
    assert torch.equal(fresh['head.fc.bias'], head(4, 100.0)['head.fc.bias'])


def test_unknown_classes_start_from_random_values():
    for known in ((), ('a', 'b', 'c')):
        weights = head(3, 10.0)
        assert transfer_classifier(weights, head(2, 100.0), known, ('x', 'y'), LAYER) == []
        assert weights['head.fc.bias'].tolist() == [50, 50.5]


def test_only_the_classifier_is_replaced_whatever_its_name():
    weights = {**head(2, 10.0, layer='head.last'), **head(2, 20.0)}
    transfer_classifier(weights, head(2, 100.0, layer='head.last'), (), ('x', 'y'), 'head.last')
    assert weights['head.last.bias'].tolist() == [50, 50.5]
    assert weights['head.fc.bias'].tolist() == [10, 10.5]


def test_names_that_do_not_fit_the_rows():
    with pytest.raises(ConvcutError, match='2 class names, but "head.fc.weight" has 3 rows'):
        transfer_classifier(head(3, 0.0), head(2, 0.0), ('a', 'b'), ('a', 'b'), LAYER)


def test_names_in_a_checkpoint():
    assert checkpoint_classes(dict(meta=dict(dataset_meta=dict(classes=['a'])))) == ('a',)
    assert checkpoint_classes(dict(meta=dict(classes=('a', 'b')))) == ('a', 'b')
    assert checkpoint_classes(dict(meta={})) is None and checkpoint_classes({}) is None
