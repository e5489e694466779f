from .truncated_convnext import TruncatedConvNeXt
from .truncated_timm import TruncatedTimm

__all__ = ['TruncatedConvNeXt', 'TruncatedTimm']
