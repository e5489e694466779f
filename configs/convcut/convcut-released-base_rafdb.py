# Phase one of the released program on RAF-DB, kept as a record: batch attention, and the
# TEST SET CHOOSES learning rate, stopping and weights, so results of it estimate nothing.
#     python tools/train.py configs/convcut/convcut-released-base_rafdb.py \
#         --then configs/convcut/convcut-released-base_rafdb_phase2.py
_base_ = [
    '../_base_/models/convcut-released.py',
    '../_base_/datasets/released_rafdb_224.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))
