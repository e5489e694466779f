# The reference of the ablations: Conv-cut as the paper's text has it, its recipe, atto scale. Each
# other config changes one thing of it.
#     python tools/ablate.py table2
_base_ = [
    '../../_base_/models/convcut-atto.py',
    '../../_base_/datasets/ferplus-halves_48.py',
    '../../_base_/schedules/adam_50e.py',
    '../../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        frozen=True,
        init_cfg=dict(
            _delete_=True,
            type='Pretrained',
            # tools/ablate.py trains it first, and puts the path in its own work folder here
            checkpoint='work_dirs/ablations/backbone/seed_0/epoch_10.pth',
            prefix='backbone.',
        ),
    ),
    head=dict(num_classes=8, attention='channel'),  # as convcut_ferplus.py: Algorithm 1 literally
)
feature_store = dict(dtype='float16')  # all configs of one cut share the features
train_cfg = dict(max_epochs=20)  # of the paper's 50: three seeds of each row, on two cores
