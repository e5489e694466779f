# The paper's baseline: the whole network, with its own pooling, and a linear classifier.
_base_ = ['convcut.py']
model = dict(
    backbone=dict(out_index='pooled'),
    neck=None,
    head=dict(in_channels=1280, attention=None),
)
