# The cut after the third group of blocks: 40x28x28.
_base_ = ['convcut.py']
model = dict(backbone=dict(out_index=3), neck=dict(in_channels=40))
