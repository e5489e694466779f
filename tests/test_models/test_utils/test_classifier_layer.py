"""The classifier layer is named by the head, or found in it."""

import pytest
from mmpretrain.models import LinearClsHead, StackedLinearClsHead
from torch import nn

from convcut_mm.errors import ConvcutError
from convcut_mm.models.utils import classifier_layer


class Model(nn.Module):
    """A head of three classes."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.head.num_classes = 3


@pytest.mark.parametrize(
    'head, layer',
    [
        (LinearClsHead(num_classes=3, in_channels=4), 'head.fc'),
        (StackedLinearClsHead(3, in_channels=3, mid_channels=[3]), 'head.layers.1.fc'),
        (nn.Sequential(nn.Linear(4, 3), nn.Conv2d(3, 3, 1), nn.ReLU()), 'head.1'),
    ],
)
def test_found_in_the_head(head, layer):
    assert classifier_layer(Model(head)) == layer


def test_named_by_the_head():
    head = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3))
    head.classifier_layer = '0'
    assert classifier_layer(Model(head)) == 'head.0'
    head.classifier_layer = 'fc'
    with pytest.raises(ConvcutError, match='Sequential.classifier_layer is "fc", but it has'):
        classifier_layer(Model(head))


def test_a_head_without_one():
    with pytest.raises(ConvcutError, match='Identity: no layer with one output for each class'):
        classifier_layer(Model(nn.Identity()))
