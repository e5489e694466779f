"""Self-attention without projections: ``softmax(s Y Y^T) Y`` (equation 2, Algorithm 1)."""

import torch
from torch import nn
from torch.nn import functional as F

from ...errors import ConvcutError

# what the tokens are, of one image or of a batch
ATTENTION_OVER = ('channel', 'spatial', 'batch')


class SelfAttention(nn.Module):
    """Every token is replaced by a mean of all tokens, weighted by their inner products with it.

    The tokens lie on the last but one axis: (..., T, D) to (..., T, D).

    Args:
        scale (str | float): What the inner products are multiplied with before the softmax:
            'sqrt_d' for ``1 / sqrt(D)`` (equation 2), 'learnt' for a learnt scalar that starts at
            1 (Keras' ``Attention(use_scale=True)``, the released graph), or a fixed number.
    """

    def __init__(self, scale: str | float = 'sqrt_d') -> None:
        super().__init__()
        if scale == 'learnt':
            self.scale = nn.Parameter(torch.ones(()))
        elif scale == 'sqrt_d' or isinstance(scale, (int, float)):
            self.scale = scale
        else:
            raise ConvcutError(
                f'attention_scale={scale!r}: expected "sqrt_d", "learnt" or a number'
            )

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attention weights, (..., T, T); each row sums to 1."""
        return (self._queries(tokens) @ tokens.transpose(-1, -2)).softmax(dim=-1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(..., T, D) to (..., T, D)."""
        # a matrix product with one channel a token takes three times as long as this kernel, which
        # wants a head axis and can't learn a scale
        parts = self._queries(tokens), tokens, tokens
        heads = [part.reshape(-1, 1, *tokens.shape[-2:]) for part in parts]
        return F.scaled_dot_product_attention(*heads, scale=1.0).reshape(tokens.shape)

    def _queries(self, tokens: torch.Tensor) -> torch.Tensor:
        scale = tokens.shape[-1] ** -0.5 if self.scale == 'sqrt_d' else self.scale
        return scale * tokens
