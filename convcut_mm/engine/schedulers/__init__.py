from .inverse_time_lr import InverseTimeLR

__all__ = ['InverseTimeLR']
