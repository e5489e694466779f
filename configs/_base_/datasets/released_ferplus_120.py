# FERPlus as the released program reads it; released_rafdb_224.py says what the TEST SET CHOOSES
_base_ = ['ferplus_120.py']

classes = ['anger', 'contempt', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise']
train_pipeline = _base_.train_pipeline
train_pipeline.insert(-1, dict(type='ColorJitter', contrast=0.3))
train_dataloader = dict(dataset=dict(part=None, classes=classes, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(split='test', part=None, class_ordered=True, classes=classes))
test_dataloader = dict(batch_size=32, dataset=dict(class_ordered=True, classes=classes))
del classes
