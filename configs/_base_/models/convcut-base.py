# Conv-cut as in the paper's text and Algorithm 1: each image is classified on its own.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TruncatedConvNeXt',
        arch='base',
        num_stages=3,  # 'the feature extraction capability of the first three stages'
        frozen=True,  # 'with the weights being truncated and frozen' (section 4.1)
        init_cfg=dict(
            type='Pretrained',  # ImageNet-1k; the fourth stage in the file is not loaded
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/convnext/'
            'convnext-base_3rdparty_32xb128_in1k_20220124-d0915162.pth',
            prefix='backbone.',
        ),
    ),
    neck=dict(
        type='DetailExtractionNeck',
        in_channels=512,
        out_channels=256,  # as released; the paper gives no width
        num_layers=2,  # the best of Table 3
        norm_cfg=dict(type='LN2d', eps=1e-6),
        norm_position='before',  # Algorithm 1
        dropout=0.1,
    ),
    head=dict(
        type='SelfAttentionClsHead',
        in_channels=256,
        attention='channel',  # Algorithm 1 taken literally: the pooled channels of one image
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
    ),
)
