# The first training phase of the released program, in mmengine's terms
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
        threshold=0.01,  # Keras' min_delta of 1e-4, in percent
        threshold_rule='abs',
        min_value=1e-6,
    )
]
train_cfg = dict(max_epochs=50)
auto_scale_lr = dict(base_batch_size=16)

custom_hooks = [
    dict(type='BalancedClassWeightHook'),
    dict(
        type='BestWeightsEarlyStoppingHook',
        monitor='accuracy/top1',
        rule='greater',
        patience=5,
        min_delta=0.3,
    ),  # Keras' 0.003, in percent
]
