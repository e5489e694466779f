default_scope = 'mmpretrain'
# registers our components for mmpretrain's own tools, which read only the config
custom_imports = dict(imports=['convcut_mm'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='AtomicCheckpointHook',  # a killed run resumes bit for bit, mmengine's does not
        interval=1,
        max_keep_ckpts=2,  # the last two
        save_best='accuracy/top1',
        rule='greater',
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    epoch_seed=dict(type='EpochSeedHook'),  # augmentation follows seed, epoch and image
    checkpoint_match=dict(type='CheckpointMatchHook'),  # refuses weights of another model
    finite=dict(type='FiniteHook'),  # a loss of NaN ends the training; mmengine goes on saving
    visualization=dict(type='VisualizationHook', enable=False),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)  # without a GPU our tools use gloo

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='UniversalVisualizer', vis_backends=vis_backends)

log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
