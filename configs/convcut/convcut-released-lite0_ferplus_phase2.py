# Phase two of the released program on FERPlus, on features of convcut-lite0_ferplus.py, from the
# weights with which phase one ended. The TEST SET CHOOSES the weights here too.
#     python tools/train.py configs/convcut/convcut-released-lite0_ferplus.py \
#         --then configs/convcut/convcut-released-lite0_ferplus_phase2.py
_base_ = [
    '../_base_/models/convcut-released-lite0_phase2.py',
    '../_base_/datasets/released-lite0_ferplus_224.py',
    '../_base_/schedules/released_finetune.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))
feature_store = dict(dtype='float16')
load_from = 'work_dirs/convcut-released-lite0_ferplus/end_of_training.pth'  # --then replaces it
