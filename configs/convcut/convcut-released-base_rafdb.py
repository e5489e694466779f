# The released graph and recipe on RAF-DB, kept as a record: batch attention, and the
# TEST SET CHOOSES learning rate, stopping and best weights, so results of it estimate nothing.
#     python tools/train.py configs/convcut/convcut-released-base_rafdb.py
_base_ = [
    '../_base_/models/convcut-released.py',
    '../_base_/datasets/rafdb_224.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))

train_pipeline = _base_.train_pipeline
# Keras' RandomContrast takes each channel's mean
train_pipeline.insert(-1, dict(type='ColorJitter', contrast=0.3))
train_dataloader = dict(dataset=dict(part=None, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(split='test', part=None, class_ordered=True))
# class by class, as the released data script reads it: each image attends to its own class
test_dataloader = dict(dataset=dict(class_ordered=True))
