# The paper's baseline: all four stages, pooled, a linear classifier.
_base_ = ['convcut-small.py']
model = dict(
    backbone=dict(num_stages=4, out_norm=True),
    neck=None,
    head=dict(in_channels=320, attention=None),
)
