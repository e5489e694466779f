"""Bfloat16OptimWrapper computes in bfloat16 and keeps weights and gradients in float32."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmpretrain import get_model
from mmpretrain.structures import DataSample


def built(tiny_model, kind: str, **options) -> tuple:
    config, _ = tiny_model()
    torch.manual_seed(0)
    model = get_model(config).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if hasattr(module, 'drop_prob'):
            module.drop_prob = 0.0
    cfg = dict(type=kind, optimizer=dict(type='SGD', lr=0.1), **options)
    return model, build_optim_wrapper(model, cfg)


def batch() -> dict:
    generator = torch.Generator().manual_seed(1)
    faces = torch.randint(0, 256, (8, 3, 48, 48), generator=generator, dtype=torch.uint8)
    labels = [DataSample().set_gt_label(i % 7) for i in range(8)]
    return dict(inputs=list(faces), data_samples=labels)


def test_steps_are_those_of_float32_but_for_rounding(tiny_model):
    losses = {}
    for kind in ('OptimWrapper', 'Bfloat16OptimWrapper'):
        model, wrapper = built(tiny_model, kind)
        losses[kind] = [float(model.train_step(batch(), wrapper)['loss']) for _ in range(5)]
        assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
        assert all(p.grad.dtype == torch.float32 for p in model.parameters() if p.grad is not None)
        outside = model(torch.zeros(1, 3, 48, 48), mode='tensor')
        assert outside[-1].dtype == torch.float32  # autocast ends with the step
    exact, rounded = losses.values()
    assert exact != rounded
    assert rounded == pytest.approx(exact, rel=0.02)
    assert exact[-1] < exact[0]


def test_gradients_are_accumulated_as_by_mmengine(tiny_model):
    model, wrapper = built(tiny_model, 'Bfloat16OptimWrapper', accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 4)
    before = [parameter.clone() for parameter in model.parameters()]
    moved = []
    for _ in range(2):
        model.train_step(batch(), wrapper)
        moved.append(any((a != b).any() for a, b in zip(before, model.parameters())))
    assert moved == [False, True]
