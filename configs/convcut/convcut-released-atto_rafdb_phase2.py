# The second phase's graph at atto scale, which is that of the evaluation program too.
#     python tools/train.py configs/convcut/convcut-released-atto_rafdb.py \
#         --then configs/convcut/convcut-released-atto_rafdb_phase2.py
_base_ = ['convcut-released-base_rafdb_phase2.py']
model = dict(
    backbone=dict(
        arch='atto',
        num_blocks=4,  # of 6, then the depthwise convolution and norm of block 4
        init_cfg=dict(_delete_=True, type='TruncNormal', layer=['Conv2d', 'Linear'], std=0.02),
    ),
    neck=dict(in_channels=160),
)
load_from = 'work_dirs/convcut-released-atto_rafdb/end_of_training.pth'
