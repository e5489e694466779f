# Conv-cut on RAF-DB at the paper's scale, for machines without a GPU; convcut-lite0_ferplus.py
# says how.
#     python tools/train.py configs/convcut/convcut-lite0_rafdb.py
_base_ = [
    '../_base_/models/convcut-lite0.py',
    '../_base_/datasets/rafdb_224.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=7))
# the input that Lite0's weights were trained on
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)
feature_store = dict(dtype='float16')
# the paper's batches of 16 are for training; these images do not see each other
val_dataloader = dict(batch_size=64)
test_dataloader = dict(batch_size=64)
