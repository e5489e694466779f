# The released graph with its batch attention on the backbone of the ablations;
# docs/benchmark_small.md shows tools/analysis_tools/batch_audit.py on it.
#     python tools/ablate.py released-small
_base_ = ['attention-batch-small.py']
model = dict(
    neck=dict(
        num_layers=2,
        kernel_sizes=(2, 2),  # the released 4 and 2 suit 14x14 cells; these reduce 4x4 to one
        padding=('same', 'valid'),
        norm_position='after',
    ),
    head=dict(
        embedding=32,
        embedding_dropout=0.1,
        attention_scale='learnt',
        dropout=0.1,
    ),
)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=-1))  # keep all: the audit covers each epoch
