"""Face detectors behind one small interface, and the face cut out of its image."""

from pathlib import Path

from ...errors import ConvcutError
from .base import Detector, Face, WholeImage
from .crop import crop_face

DETECTORS = ('cascade', 'none', 'yunet')

__all__ = ['DETECTORS', 'Detector', 'Face', 'WholeImage', 'build_detector', 'crop_face']


def build_detector(name: str, model_file: str | Path | None = None) -> Detector:
    """Make a face detector.

    Args:
        name (str): 'cascade' (scikit-image's, no download), 'none' (the image is the face) or
            'yunet' (OpenCV's, five landmarks).
        model_file (str | Path, optional): YuNet's model file.

    Raises:
        ConvcutError: Unknown name, a package or the model file is missing.
    """
    if name == 'none':
        return WholeImage()
    if name == 'cascade':
        from .cascade import CascadeDetector

        return CascadeDetector()
    if name == 'yunet':
        from .yunet import YuNetDetector

        return YuNetDetector(model_file)
    raise ConvcutError(
        f'unknown detector "{name}", expected one of {", ".join(DETECTORS)}, or a Detector'
    )
