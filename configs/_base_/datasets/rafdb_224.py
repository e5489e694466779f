_base_ = ['fer.py']

data_root = 'data/rafdb'  # in any layout that RAFDB supports
num_classes = 7
data_preprocessor = dict(num_classes=num_classes)

# Pillow refuses a truncated file, OpenCV fills the rest with grey
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
data = dict(type='RAFDB', data_root=data_root)
train_dataloader = dict(dataset=dict(**data, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**data, pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(**data, pipeline=test_pipeline))
del data
