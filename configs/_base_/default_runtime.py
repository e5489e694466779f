default_scope = 'mmpretrain'
# mmpretrain's own tools read only the config: this line brings the components
custom_imports = dict(imports=['convcut_mm'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='AtomicCheckpointHook',  # a killed run resumes bit for bit, mmengine's does not
        interval=1,
        max_keep_ckpts=2,  # the last one, and the one before it
        save_best='accuracy/top1',
        rule='greater',
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    epoch_seed=dict(type='EpochSeedHook'),  # draws follow seed, epoch and image, not the history
    checkpoint_match=dict(type='CheckpointMatchHook'),  # another architecture is an error
    finite=dict(type='FiniteHook'),  # a loss of NaN ends the training, mmengine's saves on
    visualization=dict(type='VisualizationHook', enable=False),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)  # without a GPU the tools of this repository take gloo

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='UniversalVisualizer', vis_backends=vis_backends)

log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
