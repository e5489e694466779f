# The released graph and recipe on RAF-DB with the features of convcut-lite0_rafdb.py, kept as a
# record; convcut-released-base_rafdb.py says what the TEST SET CHOOSES.
#     python tools/train.py configs/convcut/convcut-released-lite0_rafdb.py
_base_ = ['convcut-released-base_rafdb.py']
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
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)

# of the released augmentation the flip alone: the store keeps no image in two contrasts
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
feature_store = dict(dtype='float16')
