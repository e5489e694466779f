"""From a photo to an expression; see docs/inference.md."""

__all__ = ['ExpressionInferencer']


def __getattr__(name: str):
    """Import ``ExpressionInferencer`` at its first use: a parser asks for backends' names only."""
    if name == 'ExpressionInferencer':
        from .inferencer import ExpressionInferencer

        return ExpressionInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
