# Conv-cut at atto scale, which two CPU cores can train from scratch.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TruncatedConvNeXt',
        arch='atto',
        num_stages=3,
        stem_patch_size=3,  # 48 pixels become 16, 8 and 4 cells a side; the usual 4 ends at 3
        layer_scale_init_value=1.0,  # the usual 1e-6 needs hundreds of epochs
        drop_path_rate=0.05,
        init_cfg=[  # ConvNeXt's std of 0.02 is far too small for 40 to 160 channels
            dict(
                type='Kaiming',
                layer=['Conv2d', 'Linear'],
                mode='fan_in',
                nonlinearity='linear',
                distribution='normal',
            ),
            dict(type='Constant', layer=['LayerNorm'], val=1.0, bias=0.0),
        ],
    ),
    neck=dict(
        type='DetailExtractionNeck',
        in_channels=160,
        out_channels=256,
        num_layers=1,
        kernel_sizes=(2,),  # the 4x4 map becomes 2x2, as in the paper; 4 would leave one cell
        norm_cfg=dict(type='LN2d', eps=1e-6),
        norm_position='before',
        dropout=0.1,
    ),
    head=dict(
        type='SelfAttentionClsHead',
        in_channels=256,
        attention='spatial',  # four positions of one image
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
    ),
)
