# Attention over the four positions of one image.
_base_ = ['convcut.py']
model = dict(head=dict(attention='spatial'))
