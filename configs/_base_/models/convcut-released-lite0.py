# The released graph on the features of convcut-lite0.py.
_base_ = ['convcut-released.py']
model = dict(
    # as large a map as the released cut's, 14x14, so the released kernels fit
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
