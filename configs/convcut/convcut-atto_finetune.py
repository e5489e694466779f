# Fine-tuning of convcut-atto_ferplus on a folder of your own: a few epochs with small steps.
#     python tools/train.py configs/convcut/convcut-atto_finetune.py --data-folder FACES
_base_ = ['convcut-atto_ferplus.py']
pretrained = 'convcut-atto_ferplus'  # model of the zoo whose weights --data-folder starts from

train_dataloader = dict(batch_size=16)  # 64 would be one step an epoch with 64 images
auto_scale_lr = dict(base_batch_size=16)
max_epochs = 15  # the weights know faces already; longer overfits few images
optim_wrapper = dict(optimizer=dict(lr=2e-4))  # a tenth of the rate for training from scratch
param_scheduler = _base_.param_scheduler
# two epochs: the warm-up of one single-batch epoch, as with twenty images, would never end
param_scheduler[0].update(end=2)
param_scheduler[1].update(begin=2, end=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
# no EMA: a mean over thousands of iterations would hardly leave the weights it starts from
custom_hooks = []
