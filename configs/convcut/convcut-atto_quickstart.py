# Conv-cut at atto scale on rendered faces: train and test in three minutes, without data.
#     python tools/train.py configs/convcut_quickstart.py
_base_ = [
    '../_base_/models/convcut-atto.py',
    '../_base_/datasets/rafdb_224.py',
    '../_base_/schedules/adamw_20e_cosine.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        stem_patch_size=4,  # 64 pixels: 16, 8 and 4 cells a side
        num_blocks=3,  # of 6 in the third stage: half the time, and there are few images
        drop_path_rate=0.0,  # eight epochs need no regularisation
    ),
    neck=dict(
        norm_position='after',  # as released: the head learns from the first step on
        init_cfg=dict(
            type='Kaiming',
            layer='Conv2d',
            mode='fan_in',
            nonlinearity='relu',
            distribution='normal',
        ),
    ),
    head=dict(num_classes=7),
)

# rendered there when missing; no photographs, not part of RAF-DB
faces = dict(type='DrawnFaces', data_root='data/drawn_faces')
# the middle of the 100 pixels shows eyes, brows and mouth, as RAF-DB's aligned faces do
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='CenterCrop', crop_size=64),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='CenterCrop', crop_size=64),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=16, dataset=dict(**faces, pipeline=train_pipeline))
val_dataloader = dict(batch_size=64, dataset=dict(**faces, pipeline=test_pipeline))
test_dataloader = dict(batch_size=64, dataset=dict(**faces, pipeline=test_pipeline))

auto_scale_lr = dict(base_batch_size=16)

max_epochs = 8
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=1)
param_scheduler[1].update(begin=1, end=max_epochs)
default_hooks = dict(logger=dict(interval=50))
