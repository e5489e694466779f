from .self_attention import SelfAttention
from .self_attention_cls_head import SelfAttentionClsHead

__all__ = ['SelfAttention', 'SelfAttentionClsHead']
