# Attention on the truncated backbone's pooled map, no detail extraction.
_base_ = ['convcut-small.py']
model = dict(neck=None, head=dict(in_channels=160))
