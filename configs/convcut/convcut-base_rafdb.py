# Conv-cut on RAF-DB, the paper's recipe with per-image attention and an untouched test set.
#     python tools/train.py configs/convcut_rafdb.py
_base_ = [
    '../_base_/models/convcut-base.py',
    '../_base_/datasets/rafdb_224.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))
