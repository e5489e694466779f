from .hooks import (
    AtomicCheckpointHook,
    BalancedClassWeightHook,
    BestWeightsEarlyStoppingHook,
    CheckpointMatchHook,
    EpochSeedHook,
)

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'BestWeightsEarlyStoppingHook',
    'CheckpointMatchHook',
    'EpochSeedHook',
]
