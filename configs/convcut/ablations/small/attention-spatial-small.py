# Attention over the four positions of one image.
_base_ = ['convcut-small.py']
model = dict(head=dict(attention='spatial'))
