# The graph of the second phase: the same layers without the LayerNorm after the convolutions, and
# more dropout. The evaluation program's graph has no LayerNorm either, so its weights fit.
_base_ = ['convcut-released.py']
model = dict(
    neck=dict(norm_cfg=None, dropout=0.2),
    head=dict(
        embedding_dropout=0.2,
        dropout=0.2,
        cal_acc=True,  # of each training batch, for TrainAccuracyHook
    ),
)
