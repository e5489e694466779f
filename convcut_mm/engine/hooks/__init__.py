from .checkpoint_hook import AtomicCheckpointHook
from .checkpoint_match_hook import CheckpointMatchHook
from .class_transfer_hook import ClassTransferHook
from .class_weight_hook import BalancedClassWeightHook
from .early_stopping_hook import KerasEarlyStoppingHook
from .epoch_seed_hook import EpochSeedHook
from .feature_store_hook import FeatureStoreHook
from .finite_hook import FiniteHook
from .next_phase_hook import NextPhaseHook
from .train_accuracy_hook import TrainAccuracyHook

__all__ = [
    'AtomicCheckpointHook',
    'BalancedClassWeightHook',
    'CheckpointMatchHook',
    'ClassTransferHook',
    'EpochSeedHook',
    'FeatureStoreHook',
    'FiniteHook',
    'KerasEarlyStoppingHook',
    'NextPhaseHook',
    'TrainAccuracyHook',
]
