from .hooks import (
    AtomicCheckpointHook,
    BalancedClassWeightHook,
    BestWeightsEarlyStoppingHook,
    CheckpointMatchHook,
    EpochSeedHook,
    FeatureStoreHook,
)

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'BestWeightsEarlyStoppingHook',
    'CheckpointMatchHook',
    'EpochSeedHook',
    'FeatureStoreHook',
]
