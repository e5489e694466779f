# The cut after stage 2.
_base_ = ['convcut-small.py']
model = dict(
    backbone=dict(num_stages=2),
    neck=dict(in_channels=80, kernel_sizes=(4,)),  # 8x8 cells become 2x2, as at the other cuts
)
