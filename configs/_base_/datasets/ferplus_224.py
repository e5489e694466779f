# FERPlus at the size of ImageNet networks: the images of 48 pixels are enlarged
_base_ = ['ferplus_120.py']

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
# train on no image that stands in a test split too
train_dataloader = dict(dataset=dict(duplicates='clean', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(duplicates='clean', pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
