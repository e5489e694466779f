# Phase two of the released program on RAF-DB, from the weights with which phase one ended. The
# TEST SET CHOOSES the weights here too.
#     python tools/train.py configs/convcut/convcut-released-base_rafdb.py \
#         --then configs/convcut/convcut-released-base_rafdb_phase2.py
_base_ = [
    '../_base_/models/convcut-released_phase2.py',
    '../_base_/datasets/released_rafdb_224.py',
    '../_base_/schedules/released_finetune.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))
load_from = 'work_dirs/convcut-released-base_rafdb/end_of_training.pth'  # --then replaces it
