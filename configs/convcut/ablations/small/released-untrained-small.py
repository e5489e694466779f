# The released graph on a backbone of random weights: what the batch tells if faces tell little.
_base_ = ['released-small.py']
model = dict(
    backbone=dict(
        init_cfg=dict(
            _delete_=True,
            type='Kaiming',
            layer=['Conv2d', 'Linear'],
            mode='fan_in',
            nonlinearity='linear',
            distribution='normal',
        )
    )
)
