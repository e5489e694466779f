# The graph of the authors' Keras program with its batch attention: the probabilities of an image
# depend on the other images of the batch, see 'Batch attention, audited', docs/benchmark_small.md.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TruncatedConvNeXt',
        arch='base',
        num_stages=3,
        num_blocks=23,  # of 27; the released cut, not the paper's
        half_block=True,  # the last layer kept is the norm of block 23
        frozen=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://mmassets.onedl.ai/mmclassification/v0/convnext/'
            'convnext-base_3rdparty_32xb128_in1k_20220124-d0915162.pth',
            prefix='backbone.',
        ),
    ),
    neck=dict(
        type='DetailExtractionNeck',
        in_channels=512,
        out_channels=256,
        num_layers=2,
        padding=('same', 'valid'),
        norm_cfg=dict(type='LN2d', eps=1e-6),
        norm_position='after',  # Algorithm 1 has it before the convolutions
        dropout=0.1,
    ),
    head=dict(
        type='SelfAttentionClsHead',
        in_channels=256,
        embedding=32,
        embedding_dropout=0.1,
        attention='batch',  # Keras' Attention layer treats the batch as the sequence
        attention_scale='learnt',  # use_scale=True, and no 1 / sqrt(d)
        dropout=0.1,
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
    ),
)
