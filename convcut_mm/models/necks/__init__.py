from .detail_extraction import DetailExtractionNeck

__all__ = ['DetailExtractionNeck']
