# The released graph and recipe on FERPlus, kept as a record; convcut-released-base_rafdb.py says
# what the TEST SET CHOOSES.
#     python tools/train.py configs/convcut/convcut-released-base_ferplus.py
_base_ = [
    '../_base_/models/convcut-released.py',
    '../_base_/datasets/ferplus_120.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))

train_pipeline = _base_.train_pipeline
train_pipeline.insert(-1, dict(type='ColorJitter', contrast=0.3))
train_dataloader = dict(dataset=dict(part=None, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(split='test', part=None, class_ordered=True))
test_dataloader = dict(dataset=dict(class_ordered=True))
