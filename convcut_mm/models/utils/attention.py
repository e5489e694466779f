"""Attend without projections: ``softmax(s Y Y^T) Y`` (equation 2, Algorithm 1)."""

import torch
from torch import nn
from torch.nn import functional as F

from ...errors import ConvcutError

# what the tokens are: channels or positions of an image, or images of a batch
ATTENTION_OVER = ('channel', 'spatial', 'batch')


class SelfAttention(nn.Module):
    """Self-attention that replaces each token by a mean of all tokens, weighted by similarity.

    ``f(Y) = softmax(s Y Y^T) Y``, (..., T, D) to (..., T, D) for T tokens of D numbers.

    Args:
        scale (str | float): Factor s of the inner products before the softmax: 'sqrt_d' for
            ``1 / sqrt(D)`` (equation 2), 'learnt' for a learnt scalar that starts at 1 (Keras'
            ``Attention(use_scale=True)``, the released graph), or a number. Defaults to 'sqrt_d'.

    Raises:
        ConvcutError: Another scale.
    """

    def __init__(self, scale: str | float = 'sqrt_d') -> None:
        super().__init__()
        self.scale: nn.Parameter | str | float
        if scale == 'learnt':
            self.scale = nn.Parameter(torch.ones(()))
        elif scale == 'sqrt_d' or isinstance(scale, (int, float)):
            self.scale = scale
        else:
            raise ConvcutError(
                f'attention_scale={scale!r}: expected "sqrt_d", "learnt" or a number'
            )

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the attention weights, (..., T, D) to (..., T, T); each row sums to 1."""
        return (self._queries(tokens) @ tokens.transpose(-1, -2)).softmax(dim=-1)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attend, (..., T, D) to (..., T, D)."""
        # for tokens of one number this kernel is three times as fast as matrix products; it needs
        # an axis for heads and takes no learnt scale
        shape = (-1, 1, *tokens.shape[-2:])
        queries = self._queries(tokens).reshape(shape)
        keys = tokens.reshape(shape)
        return F.scaled_dot_product_attention(queries, keys, keys, scale=1.0).reshape(tokens.shape)

    def _queries(self, tokens: torch.Tensor) -> torch.Tensor:
        if isinstance(self.scale, str):  # 'sqrt_d'
            return tokens.shape[-1] ** -0.5 * tokens
        return self.scale * tokens
