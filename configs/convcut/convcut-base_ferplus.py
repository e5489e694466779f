# Conv-cut on FERPlus (majority rule, 8 classes), the paper's recipe with per-image attention.
#     python tools/train.py configs/convcut_ferplus.py
_base_ = [
    '../_base_/models/convcut-base.py',
    '../_base_/datasets/ferplus_120.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))
