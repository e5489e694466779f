from .truncated_convnext import TruncatedConvNeXt

__all__ = ['TruncatedConvNeXt']
