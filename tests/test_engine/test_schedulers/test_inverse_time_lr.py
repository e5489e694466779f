"""The rate falls with the inverse of the epoch, also from a later one on and after a resume."""

import pytest
import torch
from mmengine.optim import OptimWrapper

from convcut_mm import ConvcutError
from convcut_mm.engine import InverseTimeLR


def optimizer() -> OptimWrapper:
    return OptimWrapper(torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=1e-5))


def rates(wrapper: OptimWrapper, scheduler: InverseTimeLR, epochs: int) -> list[float]:
    found = []
    for _ in range(epochs):
        found += wrapper.get_lr()['lr'][:1]
        wrapper.optimizer.step()
        scheduler.step()
    return found


def test_follows_the_formula():
    wrapper = optimizer()
    found = rates(wrapper, InverseTimeLR(wrapper, decay=80), 100)
    assert found == pytest.approx([1e-5 / (1 + epoch / 80) for epoch in range(100)], rel=1e-12)


def test_starts_late_and_resumes():
    wrapper = optimizer()
    scheduler = InverseTimeLR(wrapper, decay=80)
    scheduler.start_at(12)
    expected = [1e-5 / (1 + epoch / 80) for epoch in range(12, 32)]
    assert rates(wrapper, scheduler, 10) == pytest.approx(expected[:10], rel=1e-12)
    again = optimizer()
    resumed = InverseTimeLR(again, decay=80)
    resumed.load_state_dict(scheduler.state_dict())
    again.load_state_dict(wrapper.state_dict())
    assert rates(again, resumed, 10) == pytest.approx(expected[10:], rel=1e-12)


@pytest.mark.parametrize('decay', [0, -1, float('nan')])
def test_refuses_a_decay_that_is_not_positive(decay):
    with pytest.raises(ConvcutError, match='expected a positive number'):
        InverseTimeLR(optimizer(), decay=decay)
