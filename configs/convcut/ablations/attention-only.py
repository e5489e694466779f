# Attention on the cut network's pooled map, no detail extraction.
_base_ = ['convcut.py']
model = dict(neck=None, head=dict(in_channels=112))
