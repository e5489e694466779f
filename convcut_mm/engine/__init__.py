from .hooks import (
    AtomicCheckpointHook,
    BalancedClassWeightHook,
    BestWeightsEarlyStoppingHook,
    CheckpointMatchHook,
    ClassTransferHook,
    EpochSeedHook,
    FeatureStoreHook,
)

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'BestWeightsEarlyStoppingHook',
    'CheckpointMatchHook',
    'ClassTransferHook',
    'EpochSeedHook',
    'FeatureStoreHook',
]
