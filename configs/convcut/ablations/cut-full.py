# No cut: neck and head on all seven groups of blocks, 320x7x7.
_base_ = ['convcut.py']
model = dict(backbone=dict(out_index=7), neck=dict(in_channels=320))
