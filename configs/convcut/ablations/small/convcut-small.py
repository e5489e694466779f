# The reference of the ablations: Conv-cut and the recipe of the paper's text at atto scale. Each
# other config changes one thing.
#     python tools/ablate.py table2-small
_base_ = [
    '../../../_base_/models/convcut-atto.py',
    '../../../_base_/datasets/ferplus-halves_48.py',
    '../../../_base_/schedules/adam_50e.py',
    '../../../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        frozen=True,
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            # tools/ablate.py trains it first, and replaces this path by that in its work folder
            checkpoint='work_dirs/ablations/backbone-small/seed_0/epoch_10.pth',
            prefix='backbone.',
        ),
    ),
    head=dict(num_classes=8, attention='channel'),  # Algorithm 1, as convcut_ferplus.py
)
feature_store = dict(dtype='float16')  # configs of the same cut use the same features
train_cfg = dict(max_epochs=20)  # not the paper's 50: three seeds of each row on two cores
