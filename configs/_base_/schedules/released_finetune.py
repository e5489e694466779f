# Phase two of the released program: from the weights with which phase one ended, without class
# weights. The checkpoint kept is the best by the validation data, in the released program the test
# set: best_accuracy_top1_epoch_N.pth
_base_ = ['by_epoch.py']

optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-5, eps=1e-7), clip_grad=dict(max_norm=3.0))
param_scheduler = [dict(type='InverseTimeLR', decay=80)]  # 1e-5 / (1 + epoch / 80)
train_cfg = dict(max_epochs=60)  # to epoch 60 of the count that goes on from phase one
auto_scale_lr = dict(base_batch_size=16)

custom_hooks = [
    dict(
        type='NextPhaseHook',
        back=5,  # go on counting at phase one's fifth epoch from its end
        drop=['neck.norm.'],  # phase one's LayerNorm, which this phase's graph lacks
    ),
    dict(type='TrainAccuracyHook'),
    dict(
        type='KerasEarlyStoppingHook',
        monitor='train_accuracy',
        rule='greater',
        patience=20,
        min_delta=0.3,
        restore=False,  # the kept file is the best by another metric
    ),
]
