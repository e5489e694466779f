# The cut of the released program, within a block of stage 3.
_base_ = ['convcut-small.py']
# base keeps 23 of 27 blocks, then the depthwise convolution and norm of the next; this is similar
model = dict(backbone=dict(num_blocks=4, half_block=True))
