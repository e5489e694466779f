"""From a photo to an expression; see docs/inference.md."""

from .inferencer import ExpressionInferencer

__all__ = ['ExpressionInferencer']
