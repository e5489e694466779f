# Phase one of the released program on FERPlus, kept as a record; convcut-released-base_rafdb.py
# says what the TEST SET CHOOSES.
#     python tools/train.py configs/convcut/convcut-released-base_ferplus.py \
#         --then configs/convcut/convcut-released-base_ferplus_phase2.py
_base_ = [
    '../_base_/models/convcut-released.py',
    '../_base_/datasets/released_ferplus_120.py',
    '../_base_/schedules/released_plateau.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))
