# Conv-cut as convcut-base.py, on a network whose ImageNet weights come by pip and that a CPU runs
# in milliseconds an image: EfficientNet-Lite0. Its map after the fifth of seven groups of blocks
# has 14x14 cells for 224 pixels, as many as ConvNeXt-Base's after its third stage.
_base_ = ['convcut-base.py']
model = dict(
    backbone=dict(
        _delete_=True,
        type='TruncatedTimm',
        model_name='tf_efficientnet_lite0',
        out_index=5,
        frozen=True,
        init_cfg=dict(
            type='Pretrained',
            # tools/model_converters/efficientnet_lite_to_timm.py writes it
            checkpoint='checkpoints/efficientnet-lite0_imagenet.safetensors',
        ),
    ),
    neck=dict(in_channels=112),
)
