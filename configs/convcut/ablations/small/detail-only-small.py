# Detail extraction without attention.
_base_ = ['convcut-small.py']
model = dict(head=dict(attention=None))
