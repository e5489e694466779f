# FER2013Train, FER2013Valid, FER2013Test; tools/dataset_converters/ferplus.py makes them
data_root = 'data/ferplus'
num_classes = 8

data_preprocessor = dict(
    num_classes=num_classes,
    mean=[123.675, 116.28, 103.53],  # ImageNet, RGB, on the 0-255 scale
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

# Pillow refuses a file that was cut short, OpenCV fills the rest with grey
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

# batch 16: section 4.1 of the paper. Nothing is chosen on the test set: a stratified, seeded tenth
# of train is held out as validation
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='FERPlus', data_root=data_root, split='train', part='fit', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FERPlus',
        data_root=data_root,
        split='train',
        part='holdout',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FERPlus', data_root=data_root, split='test', test_mode=True, pipeline=test_pipeline
    ),
)

val_evaluator = [
    dict(type='Accuracy', topk=1),
    # its macro recall is the mean class accuracy of the FER papers
    dict(type='SingleLabelMetric', items=('precision', 'recall', 'f1-score'), average='macro'),
]
test_evaluator = [*val_evaluator, dict(type='ConfusionMatrix')]
