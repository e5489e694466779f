# Conv-cut at atto scale on faces drawn by a program: the whole way in three minutes, without data.
#     python tools/train.py configs/convcut_quickstart.py
_base_ = [
    '_base_/models/convcut-atto.py',
    '_base_/datasets/rafdb_224.py',
    '_base_/schedules/adamw_20e_cosine.py',
    '_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))

data_root = 'data/drawn_faces'  # drawn there when missing; no photographs, no part of RAF-DB
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
train_dataloader = dict(
    batch_size=32, dataset=dict(type='DrawnFaces', data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(
    batch_size=32, dataset=dict(type='DrawnFaces', data_root=data_root, pipeline=test_pipeline)
)
test_dataloader = dict(
    batch_size=32, dataset=dict(type='DrawnFaces', data_root=data_root, pipeline=test_pipeline)
)
default_hooks = dict(logger=dict(interval=10))
