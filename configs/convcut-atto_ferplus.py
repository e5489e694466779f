# Conv-cut at atto scale on FERPlus, trained from scratch: for machines without a GPU.
#     python tools/train.py configs/convcut-atto_ferplus.py
_base_ = [
    '_base_/models/convcut-atto.py',
    '_base_/datasets/ferplus_120.py',
    '_base_/schedules/adamw_20e_cosine.py',
    '_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8, loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1)))

# the images' own 48 pixels: enlarging them costs time and adds nothing
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='RandomCrop', crop_size=48, padding=4, pad_val=0),  # faces are loosely centred
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
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=64, dataset=dict(pipeline=test_pipeline))
# FER2013Valid takes no part in training or choosing; set split='test' to compare with papers
test_dataloader = dict(batch_size=64, dataset=dict(split='valid', pipeline=test_pipeline))
