# Conv-cut at a scale that two CPU cores train from scratch.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TruncatedConvNeXt',
        arch='atto',
        num_stages=3,
        stem_patch_size=3,  # 48 pixels: 16, 8 and 4 cells a side; the usual 4 leaves only 3
        layer_scale_init_value=0.1,  # the usual 1e-6 wants hundreds of epochs to open the blocks
        drop_path_rate=0.1),
    neck=dict(
        type='DetailExtractionNeck',
        in_channels=160,
        out_channels=256,
        num_layers=1,  # the 4x4 map leaves nothing to a second layer
        norm_cfg=dict(type='LN2d', eps=1e-6),
        norm_position='before',
        dropout=0.1),
    head=dict(
        type='SelfAttentionClsHead',
        in_channels=256,
        attention='channel',
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0)))
