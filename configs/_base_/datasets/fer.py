# Common to all data sets: normalisation, loaders, parts, metrics. The file of a data set adds its
# type, folder, classes and pipelines.
data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53],  # ImageNet, RGB, on the 0-255 scale
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

# batch 16: section 4.1 of the paper. Nothing is chosen on the test set: a stratified, seeded tenth
# of train is held out for validation
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(split='train', part='fit'),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='train', part='holdout', test_mode=True),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='test', test_mode=True),
)

val_evaluator = [
    dict(type='Accuracy', topk=1),
    # its macro recall is the mean class accuracy of the FER papers
    dict(type='SingleLabelMetric', items=('precision', 'recall', 'f1-score'), average='macro'),
]
test_evaluator = [*val_evaluator, dict(type='ConfusionMatrix')]
