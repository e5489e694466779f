from .hooks import (
    AtomicCheckpointHook,
    BalancedClassWeightHook,
    CheckpointMatchHook,
    ClassTransferHook,
    EpochSeedHook,
    FeatureStoreHook,
    FiniteHook,
    KerasEarlyStoppingHook,
    NextPhaseHook,
    TrainAccuracyHook,
)
from .optim_wrappers import Bfloat16OptimWrapper
from .schedulers import InverseTimeLR

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'Bfloat16OptimWrapper',
    'CheckpointMatchHook',
    'ClassTransferHook',
    'EpochSeedHook',
    'FeatureStoreHook',
    'FiniteHook',
    'InverseTimeLR',
    'KerasEarlyStoppingHook',
    'NextPhaseHook',
    'TrainAccuracyHook',
]
