# The cut network, pooled, and a linear classifier.
_base_ = ['convcut.py']
model = dict(neck=None, head=dict(in_channels=112, attention=None))
