# The cut of the released program: within a block of stage 3.
_base_ = ['convcut.py']
# Base keeps 23 of 27 blocks, then the next one's depthwise convolution and norm; this is the like
model = dict(backbone=dict(num_blocks=4, half_block=True))
