# The released graph and recipe on RAF-DB. Batch attention, chosen on the
# test set: kept as a record.
#     python tools/train.py configs/convcut/convcut-released-base_rafdb.py
_base_ = [
    '../_base_/models/convcut-released.py',
    '../_base_/datasets/rafdb_224.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))

train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(224, 224)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='ColorJitter', contrast=0.3),  # Keras' RandomContrast takes each channel's mean
    dict(type='PackInputs'),
]
# THE TEST SET CHOOSES here, as in the released program: learning rate, stopping and best weights
# follow its accuracy. Figures obtained so are no estimates of anything
train_dataloader = dict(dataset=dict(part=None, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(split='test', part=None, class_ordered=True))
# read class by class, as the released data script does: each image attends to its own class
test_dataloader = dict(dataset=dict(class_ordered=True))
