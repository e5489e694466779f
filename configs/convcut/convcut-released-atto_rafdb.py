# The released graph at atto scale, small enough to compare with a Keras program step by step.
#     python tools/model_converters/convcut_to_mmpretrain.py SRC.h5 DST.pth
_base_ = ['convcut-released-base_rafdb.py']
model = dict(
    backbone=dict(
        arch='atto',
        num_blocks=4,  # of 6, then the depthwise convolution and norm of block 4
        init_cfg=dict(_delete_=True, type='TruncNormal', layer=['Conv2d', 'Linear'], std=0.02),
    ),
    neck=dict(in_channels=160),
)
