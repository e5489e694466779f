"""Export a trained model to a file that runs without PyTorch: ONNX or OpenVINO."""

from .export import FORMATS, Exported, export

__all__ = ['FORMATS', 'Exported', 'export']
