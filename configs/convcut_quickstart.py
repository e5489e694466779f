# Conv-cut at atto scale on rendered faces: train and test in three minutes, without data.
#     python tools/train.py configs/convcut_quickstart.py
_base_ = ['convcut/convcut-atto_quickstart.py']
