# Conv-cut on RAF-DB, the paper's recipe with per-image attention and an untouched test set.
#     python tools/train.py configs/convcut_rafdb.py
_base_ = ['convcut/convcut-base_rafdb.py']
