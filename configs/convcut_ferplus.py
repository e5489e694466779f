# Conv-cut on FERPlus, the paper's recipe with per-image attention and an untouched test set.
#     python tools/train.py configs/convcut_ferplus.py
_base_ = ['convcut/convcut-base_ferplus.py']
