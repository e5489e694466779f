"""Weights that differ from a model's are refused by the first key that does."""

import pytest
from torch import nn

from convcut_mm import ConvcutError
from convcut_mm.utils.checkpoint_fit import check_fits


def test_weights_that_fit_and_the_first_key_that_does_not():
    model = nn.Linear(2, 3)
    weights = model.state_dict()
    wrapped = {f'module.{key}': value for key, value in weights.items()}
    for checkpoint in (weights, wrapped, dict(state_dict=wrapped)):
        assert check_fits(checkpoint, model, 'a.pth').keys() == weights.keys()
    other = nn.Linear(2, 4).state_dict()
    for checkpoint, problem in (
        (dict(weight=weights['weight']), 'it lacks key "bias"'),
        ({**weights, 'x': weights['bias']}, 'it has the unknown key "x"'),
        (other, r'key "weight" has shape \(4, 2\), expected \(3, 2\)'),
    ):
        expected = f'^a.pth: a checkpoint of another architecture than the config, {problem}$'
        with pytest.raises(ConvcutError, match=expected):
            check_fits(checkpoint, model, 'a.pth')
    assert check_fits(other, model, 'a.pth', ignore=('weight', 'bias')) == other
