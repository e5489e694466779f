# The released graph with its batch attention on the features of the ablations, fitted with the
# released optimizer; docs/benchmark.md shows tools/analysis_tools/batch_audit.py on it.
#     python tools/ablate.py released
_base_ = ['attention-batch.py']
model = dict(
    neck=dict(padding=('same', 'valid'), norm_position='after'),
    head=dict(
        embedding=32,
        embedding_dropout=0.1,
        attention_scale='learnt',
        dropout=0.1,
    ),
)
optim_wrapper = dict(optimizer=dict(eps=1e-7), clip_grad=dict(max_norm=3.0))
train_cfg = dict(
    max_epochs=20
)  # the learnt scale falls, and what the batch adds grows, to the end
default_hooks = dict(checkpoint=dict(max_keep_ckpts=-1))  # keep all: the audit covers each epoch
