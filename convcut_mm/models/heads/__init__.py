from .self_attention_cls_head import SelfAttentionClsHead

__all__ = ['SelfAttentionClsHead']
