"""Find the faces of an uploaded photo, what they express, and where the model looks."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import torch
from matplotlib import colormaps
from PIL import Image

from convcut_mm.apis import ExpressionInferencer
from convcut_mm.apis.crops import middle, resized
from convcut_mm.apis.detectors import Face, crop_face
from convcut_mm.apis.inputs.images import read_image
from convcut_mm.errors import ConvcutError
from convcut_mm.visualization.face_grid import HEAT, OPACITY
from convcut_mm.visualization.grad_cam import explain

MOST_BYTES = 10 * 2**20
MOST_PIXELS = 50_000_000  # a good camera's; twice that takes a gigabyte to look at
LONGEST_NAME = 80  # characters of a file's name that a message repeats
SHOWN_SIDE = 1200  # pixels of the longer side of the photo on the page
CARD_SIDE = 224  # pixels of a face beside its bars
# visitors' photos are read side by side, but Grad-CAM hangs hooks into the one model
_MODEL = Lock()
MOST_FACES = 12  # cards on the page; a crowd's other faces keep their boxes


@dataclass
class FaceResult:
    """One face of a photo.

    Attributes:
        box (tuple[float, ...]): x1, y1, x2, y2 as fractions of the photo's width and height.
        probabilities (dict[str, float]): By class name, in the model's order.
        picture (ndarray, optional): (224, 224, 3) uint8, the face as it was cut out; None for the
            smaller faces of a crowd.
        heat (ndarray, optional): (224, 224, 3) uint8, the face with its Grad-CAM laid over it.
        heat_is_empty (bool): Whether no area speaks for the predicted class.
    """

    box: tuple[float, ...]
    probabilities: dict[str, float]
    picture: np.ndarray | None = None
    heat: np.ndarray | None = None
    heat_is_empty: bool = False

    @property
    def expression(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass
class PhotoResult:
    """A photo with its faces.

    Attributes:
        picture (ndarray): (H, W, 3) uint8, 1200 pixels at most.
        faces (list[FaceResult]): In the detector's order.
    """

    picture: np.ndarray
    faces: list[FaceResult]


def classify_photo(
    inferencer: ExpressionInferencer, path: str, with_heat: bool = False
) -> PhotoResult:
    """Find the faces of a photo and name their expressions.

    Args:
        inferencer (ExpressionInferencer): With the torch backend.
        path (str): An uploaded file.
        with_heat (bool): Compute a Grad-CAM of each face. Defaults to False.

    Raises:
        ConvcutError: Not an image, one above 10 MB or 50 megapixels, or no face in it; the message
            is for visitors of the page.
    """
    name = Path(path).name
    size = os.path.getsize(path)
    if size > MOST_BYTES:
        raise too_large(name, size)
    _check_pixels(path, name)
    try:
        image = read_image(path, MOST_PIXELS)
    except ConvcutError:
        raise no_image(name) from None
    found = inferencer.detect(image)
    if not found:
        raise ConvcutError(
            'No face was found in this photo. Faces have to show eyes, nose and mouth, and take '
            'up a fiftieth of the picture or more.'
        )
    crops = np.stack([inferencer.crop(image, face) for face in found])
    with _MODEL:
        probabilities = inferencer.classify(crops)
    results: list[FaceResult] = []
    for face, crop, row in zip(found, crops, probabilities):
        result = FaceResult(
            _fractions(face.box, image), dict(zip(inferencer.classes, map(float, row)))
        )
        if len(results) < MOST_FACES:
            result.picture = _picture(inferencer, image, face)
            if with_heat:
                with _MODEL:
                    heat = _heat(inferencer, crop)
                result.heat = _laid_over(result.picture, heat)
                result.heat_is_empty = not heat.any()
        results.append(result)
    return PhotoResult(_shrunk(image), results)


def _check_pixels(path: str, name: str) -> None:
    """Refuse a photo by the size in its header, in words for visitors; read_image has its own."""
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter('ignore')  # Pillow's own limit is a larger one
            pixels = image.width * image.height
    except Image.DecompressionBombError:
        pixels = 2 * (Image.MAX_IMAGE_PIXELS or 0)
    except Exception:  # no image, or one for OpenCV; read_image knows
        return
    if pixels > MOST_PIXELS:
        raise ConvcutError(
            f'{_short(name)} has {pixels // 10**6} megapixels, and this page takes up to '
            f'{MOST_PIXELS // 10**6}. A smaller copy of the photo will do just as well.'
        )


def too_large(name: str, size: int) -> ConvcutError:
    """Return the error for a file of too many bytes."""
    return ConvcutError(
        f'{_short(name)} has {size / 2**20:.0f} MB, and this page takes up to '
        f'{MOST_BYTES // 2**20} MB. A smaller copy of the photo will do just as well.'
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f'{name[: LONGEST_NAME - 1]}…'


def no_image(name: str) -> ConvcutError:
    """Return the error for a file that is not an image, or a damaged one."""
    return ConvcutError(
        f'{_short(name)} cannot be read as an image. JPEG, PNG, WebP, BMP and TIFF files work.'
    )


def _fractions(box: tuple, image: np.ndarray) -> tuple[float, ...]:
    """Convert x1, y1, x2, y2 from pixels to fractions of an image's width and height."""
    height, width = image.shape[:2]
    return tuple((np.array(box) / [width, height, width, height]).clip(0, 1).tolist())


def _picture(inferencer: ExpressionInferencer, image: np.ndarray, face: Face) -> np.ndarray:
    """Cut out what the model sees of a face, in colour and in more pixels than it sees."""
    ratio = inferencer.backend.crop_ratio
    if not inferencer.takes_whole_images:
        side = round(CARD_SIDE / ratio)
        image = crop_face(image, face, inferencer.margin, side, inferencer.template)
    return resized(middle(image, ratio), CARD_SIDE)


def _heat(inferencer: ExpressionInferencer, crop: np.ndarray) -> np.ndarray:
    """Compute the Grad-CAM of the predicted class, (H, W) from 0 to 1."""
    classifier = inferencer.classifier
    assert classifier is not None  # the page computes in PyTorch
    # mmpretrain's pipelines read images blue first
    inputs = torch.from_numpy(np.ascontiguousarray(crop[None, ..., ::-1].transpose(0, 3, 1, 2)))
    return explain(classifier, classifier.normalised(inputs)).heat


def _laid_over(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map's colours over the grey face, as in the Conv-cut paper's figure."""
    size = picture.shape[1::-1]
    heat = cv2.resize(heat.astype(np.float32), size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    colours = 255 * colormaps[HEAT](heat)[..., :3]
    opacity = (OPACITY[0] + (OPACITY[1] - OPACITY[0]) * heat)[..., None]
    return ((1 - opacity) * grey + opacity * colours).round().astype(np.uint8)


def _shrunk(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(1.0, SHOWN_SIDE / max(height, width))
    if scale == 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
