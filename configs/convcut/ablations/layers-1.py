# One convolution: the first of the paper's kernels, which leaves 4x4 cells.
_base_ = ['convcut.py']
model = dict(neck=dict(num_layers=1))
