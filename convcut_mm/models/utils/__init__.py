from .attention import SelfAttention
from .batch_dependence import batch_dependent_parts, is_batch_dependent
from .classifier_layer import classifier_layer
from .grad_cam_layer import grad_cam_layer
from .norm import norm_in_place_order
from .readings import readings
from .unwrap import bare_model

__all__ = [
    'SelfAttention',
    'bare_model',
    'batch_dependent_parts',
    'classifier_layer',
    'grad_cam_layer',
    'is_batch_dependent',
    'norm_in_place_order',
    'readings',
]
