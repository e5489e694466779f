# Section 4.1 of the paper: Adam, 1e-3, 50 epochs; it mentions no schedule
_base_ = ['by_epoch.py']

optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []
train_cfg = dict(max_epochs=50)
auto_scale_lr = dict(base_batch_size=16)
