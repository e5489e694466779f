"""Classify as Conv-cut does: pool, embed, attend, classify."""

import logging

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmpretrain.models.heads import ClsHead
from mmpretrain.registry import MODELS
from torch import nn
from torch.nn import functional as F

from ...errors import ConvcutError
from ..utils.attention import ATTENTION_OVER, SelfAttention

BATCH_WARNING = (
    'attention="batch": each image attends to the other images of its batch, as in the released '
    'program, so its probabilities depend on how the test set is batched; they say nothing about '
    'single images unless the batch size is 1'
)


class Embedding(BaseModule):
    """Dense, ReLU, BatchNorm over the last axis: (..., C) to (..., D).

    Args:
        in_channels (int): C.
        channels (int): D.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_channels, channels)
        # as in the released graph, Keras' defaults; torch's momentum is 1 - Keras' 0.99
        self.norm = nn.BatchNorm1d(channels, eps=1e-3, momentum=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed, (..., C) to (..., D)."""
        x = F.relu(self.fc(x))
        flat = x.reshape(-1, x.shape[-1])
        if self.training and len(flat) == 1:
            raise ConvcutError(
                'a training batch of one image has no batch statistics for the '
                "head's embedding; set train_dataloader.drop_last=True or "
                'head.embedding=None'
            )
        return self.norm(flat).view_as(x)


@MODELS.register_module()
class SelfAttentionClsHead(ClsHead):
    """Pooling, optional embedding, self-attention, dropout and a linear classifier.

    The paper's ``f = softmax(Y Y^T / sqrt(d)) Y`` can be read in three ways:

    - ``attention='channel'``: Algorithm 1 taken literally. The tokens are the C pooled channels of
      an image, each one number (d = 1): a C x C matrix per image.
    - ``attention='spatial'``: the tokens are the H x W positions of an image (d = C), as usual in
      self-attention, and are pooled afterwards. A 1x1 map has one token, so the attention is the
      identity.
    - ``attention='batch'``: the tokens are the images of the batch (d = C). **The authors released
      this, and the published 97.33 % and 95.69 % come from it: the probabilities of an image
      depend on the other images of its batch.** Building it logs a warning. In a batch of one the
      attention is the identity.
    - ``attention=None``: no attention.

    In eval mode the probabilities of an image depend on its batch with 'batch' only.

    Args:
        num_classes (int): Number of classes.
        in_channels (int): Channels C of the incoming map or vector. Defaults to 256.
        embedding (int, optional): Width D of the embedding (dense, ReLU, BatchNorm) before the
            attention; 32 in the released graph. Defaults to None: no embedding.
        attention (str, optional): 'channel', 'spatial', 'batch' or None. Defaults to 'channel'.
        attention_scale (str | float): 'sqrt_d', 'learnt' (released) or a number, see
            :class:`SelfAttention`. Defaults to 'sqrt_d'.
        dropout (float): Dropout before the classifier. Defaults to 0.1.
        embedding_dropout (float): Dropout between pooling and embedding or attention; 0.1 in the
            released graph. Defaults to 0.
        **kwargs: Arguments of mmpretrain's ``ClsHead``: ``loss``, ``topk``, ``cal_acc``,
            ``init_cfg``.

    Attributes:
        attention_over (str | None): The argument ``attention``.
        batch_dependent (bool): True for 'batch'.

    Raises:
        ConvcutError: The attention is unknown, or 'spatial' and the features have no positions.
    """

    classifier_layer = 'fc'

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 256,
        embedding: int | None = None,
        attention: str | None = 'channel',
        attention_scale: str | float = 'sqrt_d',
        dropout: float = 0.1,
        embedding_dropout: float = 0.0,
        init_cfg: dict | None = dict(
            type='Xavier',
            layer='Linear',
            distribution='uniform',
        ),
        **kwargs,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **kwargs)
        if attention is not None and attention not in ATTENTION_OVER:
            raise ConvcutError(
                f'attention={attention!r}: expected "channel", "spatial", "batch" or None'
            )
        if attention == 'batch':
            print_log(BATCH_WARNING, logger='current', level=logging.WARNING)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.attention_over = attention
        self.batch_dependent = attention == 'batch'
        self.embedding_dropout = nn.Dropout(embedding_dropout)
        self.embedding = None if embedding is None else Embedding(in_channels, embedding)
        self.attention = None if attention is None else SelfAttention(attention_scale)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(embedding or in_channels, num_classes)

    def tokens(self, feats: tuple[torch.Tensor, ...] | torch.Tensor) -> torch.Tensor:
        """Pool and embed the features: the tokens of the attention.

        Args:
            feats (tuple[Tensor] | Tensor): The last entry is (N, C, H, W) or (N, C).

        Returns:
            Tensor: (N, D, 1) for 'channel', (N, H * W, D) for 'spatial', (N, D) otherwise; D is
            the embedding's width, or C without one.
        """
        x = feats[-1] if isinstance(feats, (tuple, list)) else feats
        if x.ndim not in (2, 4) or x.shape[1] != self.in_channels:
            raise ConvcutError(
                f'SelfAttentionClsHead: expected (N, {self.in_channels}, H, W) or '
                f'(N, {self.in_channels}), got {tuple(x.shape)}; set '
                'head.in_channels'
            )
        if self.attention_over == 'spatial':
            if x.ndim == 2:
                raise ConvcutError(
                    f'attention="spatial" needs a map (N, C, H, W), got a vector {tuple(x.shape)}'
                )
            x = x.flatten(2).transpose(1, 2)
        elif x.ndim == 4:
            x = x.mean(dim=(2, 3))  # equation 1
        x = self.embedding_dropout(x)
        if self.embedding is not None:
            x = self.embedding(x)
        return x.unsqueeze(-1) if self.attention_over == 'channel' else x

    def pre_logits(self, feats: tuple[torch.Tensor, ...] | torch.Tensor) -> torch.Tensor:
        """Compute the vectors before dropout and classifier, (N, D), to plot or to compare."""
        tokens = self.tokens(feats)
        attended = tokens if self.attention is None else self.attention(tokens)
        if self.attention_over == 'channel':
            return attended.squeeze(-1)
        return attended.mean(dim=1) if self.attention_over == 'spatial' else attended

    def readings(self) -> dict[str, float]:
        """Name the learnt numbers that a plot follows over the epochs of a training."""
        if self.attention is None or not torch.is_tensor(self.attention.scale):
            return {}
        return {'attention scale': self.attention.scale.item()}

    def attention_weights(self, feats: tuple[torch.Tensor, ...] | torch.Tensor) -> torch.Tensor:
        """Compute the attention: (N, D, D) 'channel', (N, HW, HW) 'spatial', (N, N) 'batch'.

        Raises:
            ConvcutError: The head has no attention.
        """
        if self.attention is None:
            raise ConvcutError('attention=None: this head has no attention weights')
        return self.attention.weights(self.tokens(feats))

    def forward(self, feats: tuple[torch.Tensor, ...] | torch.Tensor) -> torch.Tensor:
        """Compute the logits, (N, num_classes)."""
        return self.fc(self.dropout(self.pre_logits(feats)))
