# The whole way in three minutes, on faces rendered by a program.
#     python tools/train.py configs/convcut_quickstart.py
_base_ = ['convcut/convcut-atto_quickstart.py']
