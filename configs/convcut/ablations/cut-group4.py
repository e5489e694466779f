# The cut after the fourth group of blocks: 80x14x14.
_base_ = ['convcut.py']
model = dict(backbone=dict(out_index=4), neck=dict(in_channels=80))
