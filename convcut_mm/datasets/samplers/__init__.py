from .class_balanced_sampler import ClassBalancedSampler
from .repeats import Repeat, occurrence
from .seeds import mixed_seed

__all__ = ['ClassBalancedSampler', 'Repeat', 'mixed_seed', 'occurrence']
