# The network that the ablations' frozen backbones are cut from: a full ConvNeXt-atto with a linear
# head, trained from scratch on one half of FER2013Train. tools/ablate.py trains it when needed.
#     python tools/train.py configs/convcut/ablations/small/backbone-small.py
_base_ = [
    '../../../_base_/models/convcut-atto.py',
    '../../../_base_/datasets/ferplus-halves_48.py',
    '../../../_base_/schedules/adamw_20e_cosine.py',
    '../../../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(num_stages=4, out_norm=True),  # all stages, so that every cut is possible
    neck=dict(_delete_=True, type='GlobalAveragePooling'),
    head=dict(
        _delete_=True,
        type='LinearClsHead',
        num_classes=8,
        in_channels=320,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1),
    ),
)

# an earlier augmentation of convcut-atto_ferplus.py, written out: this one must not change
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='RandomCrop', crop_size=48, padding=4, pad_val=0),
    dict(
        type='RandomErasing',
        erase_prob=0.2,
        mode='const',
        fill_color=[128, 128, 128],
        min_area_ratio=0.02,
        max_area_ratio=0.2,
    ),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=32, dataset=dict(part='fit/fit', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(part='fit/holdout'))

max_epochs = 10  # ten minutes on two cores
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=1)
param_scheduler[1].update(begin=1, end=max_epochs)
