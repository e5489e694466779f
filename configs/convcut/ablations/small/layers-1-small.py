# One convolution, on a map that has room for three: stage 2 gives 8x8 cells.
_base_ = ['convcut-small.py']
model = dict(
    backbone=dict(num_stages=2),
    # kernels and strides of 2 halve the map each time: 8, 4, 2, 1; after stage 3 the second would
    # leave one cell, and nothing for the third
    neck=dict(in_channels=80, num_layers=1, kernel_sizes=(2, 2, 2)),
)
