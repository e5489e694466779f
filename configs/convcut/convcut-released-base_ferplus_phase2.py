# Phase two of the released program on FERPlus, from the weights with which phase one ended. The
# TEST SET CHOOSES the weights here too.
#     python tools/train.py configs/convcut/convcut-released-base_ferplus.py \
#         --then configs/convcut/convcut-released-base_ferplus_phase2.py
_base_ = [
    '../_base_/models/convcut-released_phase2.py',
    '../_base_/datasets/released_ferplus_120.py',
    '../_base_/schedules/released_finetune.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))
load_from = 'work_dirs/convcut-released-base_ferplus/end_of_training.pth'  # --then replaces it
