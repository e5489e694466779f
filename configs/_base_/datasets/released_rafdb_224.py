# RAF-DB as the released program reads it: all of Train to fit, and the TEST SET, class by class,
# as validation data. Whatever is chosen by it (rate, end of training, weights) is chosen on the
# test set, so its accuracy estimates nothing.
_base_ = ['rafdb_224.py']

# folder after folder in the order of their names; the outputs of its Keras files have it too
classes = ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise']
train_pipeline = _base_.train_pipeline
# the mean is that of the grey picture; Keras' RandomContrast takes each channel's own
train_pipeline.insert(-1, dict(type='ColorJitter', contrast=0.3))
train_dataloader = dict(dataset=dict(part=None, classes=classes, pipeline=train_pipeline))
# batches of 16, as in training: Keras' fit has one size for both
val_dataloader = dict(dataset=dict(split='test', part=None, class_ordered=True, classes=classes))
test_dataloader = dict(
    batch_size=32,  # the default of Keras' evaluate and predict
    dataset=dict(class_ordered=True, classes=classes),
)
del classes
