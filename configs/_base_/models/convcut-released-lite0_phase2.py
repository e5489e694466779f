# The graph of the second phase on the features of convcut-lite0.py.
_base_ = ['convcut-released_phase2.py']
model = dict(
    backbone=dict(
        _delete_=True,
        type='TruncatedTimm',
        model_name='tf_efficientnet_lite0',
        out_index=5,
        frozen=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/efficientnet-lite0_imagenet.safetensors',
        ),
    ),
    neck=dict(in_channels=112),
)
