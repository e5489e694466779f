# FERPlus in halves: train the backbone on one half of FER2013Train ('fit'), neck and head on the
# other ('holdout'). A tenth of each half is held out for validation; FER2013Valid is the test set
_base_ = ['ferplus_120.py']

# train on no image that stands in a test split too
halves = dict(holdout=(0.5, 0.1), holdout_seed=1, duplicates='clean')

# the images have 48 pixels: enlarging them costs time and adds nothing
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(part='holdout/fit', **halves, pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=64, dataset=dict(part='holdout/holdout', **halves, pipeline=test_pipeline)
)
test_dataloader = dict(batch_size=64, dataset=dict(split='valid', pipeline=test_pipeline))
