from .backbones import TruncatedConvNeXt, TruncatedTimm
from .heads import SelfAttentionClsHead
from .necks import DetailExtractionNeck
from .utils import SelfAttention

__all__ = [
    'DetailExtractionNeck',
    'SelfAttention',
    'SelfAttentionClsHead',
    'TruncatedConvNeXt',
    'TruncatedTimm',
]
