# Phase one of the released program on RAF-DB, on features of convcut-lite0_rafdb.py; kept as
# a record: convcut-released-base_rafdb.py says what the TEST SET CHOOSES.
#     python tools/train.py configs/convcut/convcut-released-lite0_rafdb.py \
#         --then configs/convcut/convcut-released-lite0_rafdb_phase2.py
_base_ = [
    '../_base_/models/convcut-released-lite0.py',
    '../_base_/datasets/released-lite0_rafdb_224.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))
feature_store = dict(dtype='float16')
