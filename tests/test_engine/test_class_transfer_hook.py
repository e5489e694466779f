"""What a classifier knows of the new classes goes over by name."""

import pytest
import torch

from convcut_mm import ConvcutError
from convcut_mm.engine.hooks.class_transfer_hook import checkpoint_classes, transfer_classifier


def head(rows: int, start: float, prefix: str = '') -> dict:
    """A classifier of two inputs whose rows count up from ``start``."""
    numbers = torch.arange(start, start + rows)
    return {
        f'{prefix}head.fc.weight': torch.stack([numbers, -numbers], dim=1),
        f'{prefix}head.fc.bias': 0.5 * numbers,
    }


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_rows_go_by_name(prefix, dtype):
    weights = {key: value.to(dtype) for key, value in head(3, 10.0, prefix).items()}
    weights[f'{prefix}neck.weight'] = torch.ones(2)
    fresh = head(4, 100.0)
    taken = transfer_classifier(
        weights, fresh, ('neutral', 'happiness', 'anger'), ('Angry', 'boredom', 'happy', 'neutral')
    )
    assert taken == ['Angry', 'happy', 'neutral']
    assert weights[f'{prefix}head.fc.weight'].tolist() == [
        [12, -12], [101, -101], [11, -11], [10, -10],
    ]  # fmt: skip
    assert weights[f'{prefix}head.fc.bias'].tolist() == [6, 50.5, 5.5, 5]
    assert weights[f'{prefix}head.fc.bias'].dtype == torch.float32
    assert torch.equal(weights[f'{prefix}neck.weight'], torch.ones(2))
    assert torch.equal(fresh['head.fc.bias'], head(4, 100.0)['head.fc.bias'])


def test_unknown_classes_start_anew():
    for known in ((), ('a', 'b', 'c')):
        weights = head(3, 10.0)
        assert transfer_classifier(weights, head(2, 100.0), known, ('x', 'y')) == []
        assert weights['head.fc.bias'].tolist() == [50, 50.5]


def test_names_that_do_not_fit_the_rows():
    with pytest.raises(ConvcutError, match='2 class names, but "head.fc.weight" has 3 rows'):
        transfer_classifier(head(3, 0.0), head(2, 0.0), ('a', 'b'), ('a', 'b'))


def test_names_in_a_checkpoint():
    assert checkpoint_classes(dict(meta=dict(dataset_meta=dict(classes=['a'])))) == ('a',)
    assert checkpoint_classes(dict(meta=dict(classes=('a', 'b')))) == ('a', 'b')
    assert checkpoint_classes(dict(meta={})) is None and checkpoint_classes({}) is None
