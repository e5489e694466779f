# Three convolutions: a kernel of 2 after the paper's 4 and 2, which leaves one cell.
_base_ = ['convcut.py']
model = dict(neck=dict(num_layers=3))
