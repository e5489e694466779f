# FERPlus as the released program reads it, enlarged, for features that are stored
_base_ = ['released_ferplus_120.py']

# the input that Lite0's weights were trained on
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)
# of the released augmentation the flip alone: the store keeps no image in two contrasts
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
