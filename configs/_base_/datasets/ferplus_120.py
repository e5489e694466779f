_base_ = ['fer.py']

# with FER2013Train, FER2013Valid, FER2013Test; tools/dataset_converters/ferplus.py makes them
data_root = 'data/ferplus'
num_classes = 8
data_preprocessor = dict(num_classes=num_classes)

# Pillow refuses a truncated file, OpenCV fills the rest with grey
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(120, 120)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(120, 120)),
    dict(type='PackInputs'),
]
data = dict(type='FERPlus', data_root=data_root)
train_dataloader = dict(dataset=dict(**data, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**data, pipeline=test_pipeline))
# a fourteenth of FER2013Valid and of FER2013Test stands in FER2013Train too: metrics tell both
# figures, on all images and on those that do not
test_dataloader = dict(dataset=dict(**data, duplicates='mark', pipeline=test_pipeline))
del data
