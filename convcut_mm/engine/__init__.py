from .hooks import (
    AtomicCheckpointHook,
    BalancedClassWeightHook,
    BestWeightsEarlyStoppingHook,
    CheckpointMatchHook,
    ClassTransferHook,
    EpochSeedHook,
    FeatureStoreHook,
    FiniteHook,
)
from .optim_wrappers import Bfloat16OptimWrapper

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'BestWeightsEarlyStoppingHook',
    'Bfloat16OptimWrapper',
    'CheckpointMatchHook',
    'ClassTransferHook',
    'EpochSeedHook',
    'FeatureStoreHook',
    'FiniteHook',
]
