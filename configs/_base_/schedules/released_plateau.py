# Phase one of the released program, in mmengine's terms. Both rules watch the accuracy of the
# validation data, which in the released program is the test set
_base_ = ['by_epoch.py']

optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=1e-3, eps=1e-7),  # Keras' epsilon; torch's is 1e-8
    clip_grad=dict(max_norm=3.0),
)
param_scheduler = [
    dict(
        type='ReduceOnPlateauLR',
        monitor='accuracy/top1',
        rule='greater',
        factor=0.1,
        patience=2,  # Keras' 3: Keras lowers at the third bad epoch, torch after it
        threshold=0.3,  # Keras' min_delta of 0.003, in per cent
        threshold_rule='abs',
        min_value=1e-6,
    )
]
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=16)

custom_hooks = [
    dict(type='BalancedClassWeightHook'),
    dict(
        type='KerasEarlyStoppingHook',
        monitor='accuracy/top1',
        rule='greater',
        patience=5,
        min_delta=0.3,
    ),
]
