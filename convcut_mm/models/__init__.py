from .backbones import TruncatedConvNeXt
from .heads import SelfAttention, SelfAttentionClsHead
from .necks import DetailExtractionNeck

__all__ = ['DetailExtractionNeck', 'SelfAttention', 'SelfAttentionClsHead', 'TruncatedConvNeXt']
