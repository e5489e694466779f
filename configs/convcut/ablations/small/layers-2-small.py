# Two convolutions.
_base_ = ['layers-1-small.py']
model = dict(neck=dict(num_layers=2))
