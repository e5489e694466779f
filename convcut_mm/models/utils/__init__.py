from .attention import SelfAttention
from .batch_dependence import batch_dependent_parts, is_batch_dependent
from .classifier_layer import classifier_layer
from .grad_cam_layer import grad_cam_layer
from .norm import norm_in_place_order

__all__ = [
    'SelfAttention',
    'batch_dependent_parts',
    'classifier_layer',
    'grad_cam_layer',
    'is_batch_dependent',
    'norm_in_place_order',
]
