# The truncated backbone, pooled, a linear classifier.
_base_ = ['convcut-small.py']
model = dict(neck=None, head=dict(in_channels=160, attention=None))
