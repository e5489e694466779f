"""Face detectors behind one small interface, and the face cut out of its image."""

from pathlib import Path

from ...errors import ConvcutError
from .base import Detector, Face, WholeImage
from .crop import crop_face
from .upright import UprightSearch

DEFAULT_DETECTOR = 'centerface'
DETECTORS = ('cascade', 'centerface', 'dlib', 'mtcnn', 'none', 'yunet')

__all__ = [
    'DEFAULT_DETECTOR',
    'DETECTORS',
    'Detector',
    'Face',
    'UprightSearch',
    'WholeImage',
    'build_detector',
    'crop_face',
]


def build_detector(name: str, model_file: str | Path | None = None) -> Detector:
    """Make a face detector.

    Args:
        name (str): 'centerface' (in this package), 'cascade' (scikit-image's), 'dlib', 'mtcnn'
            (facenet-pytorch's), 'yunet' (OpenCV's) or 'none' (the image is the face).
        model_file (str | Path, optional): YuNet's model file.

    Raises:
        ConvcutError: Unknown name, a package or the model file is missing.
    """
    if name == 'none':
        return WholeImage()
    if name == 'centerface':
        from .centerface import CenterFaceDetector

        return CenterFaceDetector()
    if name == 'cascade':
        from .cascade import CascadeDetector

        return CascadeDetector()
    if name == 'dlib':
        from .dlib_hog import DlibDetector

        return DlibDetector()
    if name == 'mtcnn':
        from .mtcnn import MtcnnDetector

        return MtcnnDetector()
    if name == 'yunet':
        from .yunet import YuNetDetector

        return YuNetDetector(model_file)
    raise ConvcutError(
        f'unknown detector "{name}", expected one of {", ".join(DETECTORS)}, or a Detector'
    )
