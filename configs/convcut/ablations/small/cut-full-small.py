# No cut: neck and head on all four stages.
_base_ = ['convcut-small.py']
model = dict(
    backbone=dict(num_stages=4),
    neck=dict(in_channels=320, kernel_sizes=(1,)),  # the map already has 2x2 cells
)
