# Detail extraction without attention.
_base_ = ['convcut.py']
model = dict(head=dict(attention=None))
