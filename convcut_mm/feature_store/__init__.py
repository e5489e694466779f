"""Frozen features, computed once and trained on many times (docs/feature_store.md).

Three parts: ``store.py`` (files), ``loader.py`` (batches), ``feature_input.py`` (the model takes
features instead of images). ``prepare.py`` leads from a runner's loaders to the first two;
``engine/hooks/feature_store_hook.py`` puts all of it into a training.
"""

from .feature_input import check_model, take_features
from .options import StoreOptions
from .prepare import stored_loaders
from .store import StoreEntry
from .store_folder import abandoned, entries, remove_entry
from .views import check_dataset

__all__ = [
    'StoreEntry',
    'StoreOptions',
    'abandoned',
    'check_dataset',
    'check_model',
    'entries',
    'remove_entry',
    'stored_loaders',
    'take_features',
]
