# convcut-atto_ferplus, trained on for a few epochs with small steps: for a folder of one's own.
#     python tools/train.py configs/convcut/convcut-atto_finetune.py --data-folder FACES
_base_ = ['convcut-atto_ferplus.py']
pretrained = 'convcut-atto_ferplus'  # the model of the zoo whose weights --data-folder starts from

train_dataloader = dict(batch_size=16)  # a folder of 64 images would give one step an epoch
auto_scale_lr = dict(base_batch_size=16)
max_epochs = 15  # the weights know faces already; more of them learns few images by heart
optim_wrapper = dict(optimizer=dict(lr=2e-4))  # a tenth of the step that trained from scratch
param_scheduler = [
    # two epochs: one of a single batch, as with twenty images, would never come to its end
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, end=2, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-6,
        by_epoch=True,
        begin=2,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs)
# the mean over thousands of iterations would still be the weights that it starts from
custom_hooks = []
