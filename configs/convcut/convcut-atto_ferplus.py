# Conv-cut at atto scale on FERPlus, trained from scratch: for machines without a GPU.
#     python tools/train.py configs/convcut/convcut-atto_ferplus.py
_base_ = [
    '../_base_/models/convcut-atto.py',
    '../_base_/datasets/ferplus_120.py',
    '../_base_/schedules/adamw_20e_cosine.py',
    '../_base_/default_runtime.py',
]
grey = [128, 128, 128]
model = dict(
    backbone=dict(
        stem_patch_size=2,  # 24, 12 and 6 cells a side: mouths and eyes have few pixels here
        drop_path_rate=0.1,
    ),
    neck=dict(kernel_sizes=(3,)),  # the 6x6 map becomes 2x2, as in the paper
    # the distribution of the votes says more about a face than its most frequent class
    head=dict(num_classes=8, loss=dict(use_soft=True)),
    train_cfg=dict(augments=dict(type='Mixup', alpha=0.2)),
)

# the images have 48 pixels: enlarging them costs time and adds nothing
train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(
        type='RandAugment',  # FER2013's faces vary in rotation and lighting
        policies=[
            dict(type='Rotate', magnitude_range=(0, 20)),
            dict(type='Shear', magnitude_range=(0, 0.2), direction='horizontal'),
            dict(type='Shear', magnitude_range=(0, 0.2), direction='vertical'),
            dict(type='Contrast', magnitude_range=(0, 0.5)),
            dict(type='Brightness', magnitude_range=(0, 0.5)),
            dict(type='Sharpness', magnitude_range=(0, 0.8)),
            dict(type='AutoContrast'),
        ],
        num_policies=2,
        magnitude_level=6,
        magnitude_std=2,
        total_level=10,
        hparams=dict(pad_val=grey, interpolation='bilinear'),
    ),
    dict(
        type='RandomResizedCrop',  # and in how tightly they are cropped
        scale=48,
        crop_ratio_range=(0.7, 1.0),
        aspect_ratio_range=(0.85, 1.18),
    ),
    dict(
        type='RandomErasing',
        erase_prob=0.25,
        mode='const',
        fill_color=grey,
        min_area_ratio=0.02,
        max_area_ratio=0.25,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', scale=(48, 48)),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=64,
    # one image in two hundred shows contempt; best row of "Imbalance" in docs/benchmark_small.md
    sampler=dict(_delete_=True, type='ClassBalancedSampler', power=0.5),
    # the images that the majority rule keeps: others would change the held-out tenth
    # train on no image that stands in a test split too
    dataset=dict(
        rule='crossentropy', keep='majority', duplicates='clean', pipeline=train_pipeline
    ),
)
val_dataloader = dict(batch_size=64, dataset=dict(duplicates='clean', pipeline=test_pipeline))
# FER2013Valid is not used for training or validation; set split='test' to compare with papers
test_dataloader = dict(batch_size=64, dataset=dict(split='valid', pipeline=test_pipeline))

max_epochs = 100
# on a CPU that supports bfloat16, an epoch takes 0.6 of the time in float32
optim_wrapper = dict(type='Bfloat16OptimWrapper', optimizer=dict(lr=2e-3))
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(end=3)
param_scheduler[1].update(begin=3, end=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
auto_scale_lr = dict(base_batch_size=64)
# test and save the mean of the weights over some epochs; update it every fourth iteration, since
# an update costs a tenth of one
custom_hooks = [dict(type='EMAHook', momentum=2e-3, interval=4, priority='ABOVE_NORMAL')]
