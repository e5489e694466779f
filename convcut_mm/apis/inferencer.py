"""From a photo, a folder or a video to the expressions of the faces in it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Optional, Union

import cv2
import numpy as np
import torch
from mmpretrain.apis import ImageClassificationInferencer

from ..datasets.builder import is_grey
from ..errors import ConvcutError
from ..utils.checks import at_least, compute_device
from ..utils.image_files import MAX_PIXELS
from ..utils.progress import progress
from ..zoo import DEFAULT_MODEL
from . import loading
from .backends import backend_class
from .batching import (
    Answer,
    Reading,
    answers,
    check_probabilities,
)
from .detectors import Detector, Face, build_detector, crop_face
from .detectors.base import WholeImage
from .inputs.animation import Animation
from .inputs.images import DATA_PREFIX, read
from .inputs.sources import (
    Source,
    is_image_name,
    iter_sources,
    list_sources,
)
from .inputs.video import Video
from .outputs.drawing import draw_result
from .outputs.pictures import PictureWriter
from .outputs.window import check_display, show

MOMENT = 0.001  # seconds that a video's frame is shown for


class ExpressionInferencer(ImageClassificationInferencer):
    """Finds the faces of images and videos and says what they express.

    Example:
        >>> from convcut_mm.apis import ExpressionInferencer
        >>> inferencer = ExpressionInferencer()
        >>> inferencer('photo.jpg')[0]['faces'][0]['expression']
        'happiness'

    Args:
        model (str | Path | Config | nn.Module): Name in the zoo, config file, a model made by
            ``mmpretrain.get_model``, or, for the other backends, an exported file. Defaults to
            'convcut-atto_ferplus'.
        pretrained (bool | str | Path): True for the weights that come with the name, or a
            checkpoint; for the other backends it may be the exported file. Defaults to True.
        device (str, optional): Where PyTorch computes. Defaults to a GPU if there is one.
        backend (str): What classifies: 'torch', 'onnxruntime' or 'openvino'; the last two run
            files that ``tools/deployment/export.py`` wrote. Defaults to 'torch'.
        detector (str | Detector): What finds faces: 'cascade' (scikit-image's), 'none' (the image
            is the face), 'yunet' (OpenCV's, aligns), or an object. Defaults to 'cascade'.
        detector_model (str | Path, optional): YuNet's model file.
        margin (float, optional): What is cut out around a face, as a share of the box's side on
            each side. Defaults to what fits the detector.
        classes (Sequence[str], optional): Class names, where the checkpoint names none.
        max_pixels (int): Width times height that an image or a frame may have; larger ones are
            refused before they are decoded. Defaults to 120 million, one to two GB.
        **kwargs: Settings of the model that override the config's, as in mmpretrain.

    Attributes:
        classes (tuple[str]): Class names in the order of the labels.

    Raises:
        ConvcutError: No such model, file, backend or detector; weights that don't fit.
    """

    def __init__(
        self,
        model: Any = DEFAULT_MODEL,
        pretrained: Union[bool, str, Path] = True,
        device: Union[str, torch.device, None] = None,
        backend: str = 'torch',
        detector: Union[str, Detector] = 'cascade',
        detector_model: Optional[Union[str, Path]] = None,
        margin: Optional[float] = None,
        classes: Optional[Sequence] = None,
        max_pixels: int = MAX_PIXELS,
        **kwargs,
    ) -> None:
        if not max_pixels >= 1:
            raise ConvcutError(f'max_pixels={max_pixels}: expected 1 or more')
        self.max_pixels = int(max_pixels)
        backend_type = backend_class(backend)
        if isinstance(detector, str):
            detector = build_detector(detector, detector_model)
        self.detector = detector
        self.margin = getattr(detector, 'margin', 0.0) if margin is None else float(margin)
        if not -0.4 <= self.margin <= 2:
            raise ConvcutError(f'margin={margin}: expected a share from -0.4 to 2')
        if backend == 'torch':
            network = loading.load_model(model, pretrained, device, **kwargs)
            super().__init__(network, pretrained=False)
            size, share = loading.input_view(self.pipeline)
            self.backend = backend_type(
                network,
                loading.class_names(network, classes),
                size,
                is_grey(self.config, getattr(network, '_dataset_meta', None)),
                share,
            )
        else:
            self.model = self.config = self.pipeline = self.visualizer = None
            if device is not None and compute_device(device).type != 'cpu':
                raise ConvcutError(
                    f'device "{device}": the backend "{backend}" computes on the CPU; leave it out'
                )
            exported = model if isinstance(pretrained, bool) else pretrained
            self.backend = backend_type(exported)
            if classes is not None:
                self.backend.classes = loading.given_names(classes, len(self.backend.classes))
        self.classes = self.backend.classes

    def __call__(
        self,
        inputs: Any,
        batch_size: int = 32,
        show: bool = False,
        show_dir: Optional[Union[str, Path]] = None,
        wait_time: float = 0,
        rotate: int = 0,
        max_value: float | None = None,
    ) -> list:
        """Finds and classifies the faces of images and videos.

        Args:
            inputs: A path, URL, array (H, W, 3) or (N, H, W, 3) with red first, tensor (3, H, W)
                or (H, W, 3), PIL image, the bytes of an image file, an open file, a folder, a
                video, 'webcam' (endless; use :meth:`stream`), or a list, generator or column of
                these.
            batch_size (int): Faces that are classified together. Defaults to 32.
            show (bool): Show each picture in a window. Defaults to False.
            show_dir (str | Path, optional): Folder for pictures and videos with the results drawn.
            wait_time (float): Seconds that a window stays, 0 until a key. Defaults to 0.
            rotate (int): Degrees by which images and frames are turned clockwise before anything
                else, where their file does not say it: 90, 180 or 270. Defaults to 0.
            max_value (float, optional): The value of white in arrays and in files with more than 8
                bits, such as 1023 for 10 bits. Defaults to None: 65535 for 16 bits.

        Returns:
            list[dict]: One for each image, frame of a video or of an animated image, or page of a
            TIFF, in the order given: ``input``
            (str), ``picture`` (name of its file in ``show_dir``, or None), ``width``, ``height``
            (int), ``faces`` (list[dict], from left to right) and ``error`` (str | None). A face:
            ``box`` ([x1, y1, x2, y2] in pixels of the upright image, inside of it),
            ``detection_score`` (float | None), ``label`` (int), ``expression`` (str), ``score``
            (float, 0 to 1) and ``probabilities`` ({name: float}). Frames also have ``frame`` (int)
            and ``time`` (seconds), and their faces ``track`` (int), one number from 1 on for each
            person.

        Raises:
            ConvcutError: Inputs that can't be images. A file that is missing or broken stops
                nothing: its dict has ``error``, and width and height None.
        """
        at_least('batch_size', batch_size)
        if show:
            check_display()
        sources = list_sources(inputs)
        results = []
        writer = nullcontext() if show_dir is None else PictureWriter(show_dir, self.draw)
        total = count_steps(sources)
        shown = total is None or total > 1
        with progress('looking for faces', total, shown=shown) as step, writer as pictures:
            for answer in self.answers(
                sources,
                batch_size,
                with_images=show or bool(show_dir),
                rotate=rotate,
                max_value=max_value,
            ):
                results.append(answer.result)
                if pictures is not None:
                    pictures.add(answer)
                if show:
                    self.show(answer, wait_time)
                step()
        return results

    def stream(
        self,
        video: Any,
        batch_size: int = 32,
        every: int = 1,
        seconds: Optional[float] = None,
        rotate: int = 0,
        max_value: float | None = None,
    ) -> Iterator[dict]:
        """The same for a video or webcam, frame by frame while it is being read.

        Args:
            video: A video file, 'webcam', the webcam's number, or any other input of
                :meth:`__call__`; a generator of images is asked for one after the other. A path
                without an image's suffix is taken for a video.
            batch_size (int): Faces that are classified together; a webcam's frames never wait.
                Defaults to 32.
            every (int): Look only at each n-th frame. Defaults to 1.
            seconds (float, optional): Stop after so many. Defaults to None: never.
            rotate (int): Degrees by which images and frames are turned clockwise before anything
                else, where their file does not say it: 90, 180 or 270. Defaults to 0.
            max_value (float, optional): The value of white in arrays and in files with more than 8
                bits, such as 1023 for 10 bits. Defaults to None: 65535 for 16 bits.

        Yields:
            dict: See :meth:`__call__`; after a video that ends early, one with ``error``.
        """
        sources = (_as_video(source) for source in iter_sources(video))
        for answer in self.answers(sources, batch_size, every, False, seconds, rotate, max_value):
            yield answer.result

    def answers(
        self,
        sources: Iterable[Source],
        batch_size: int = 32,
        every: int = 1,
        with_images: bool = False,
        seconds: Optional[float] = None,
        rotate: int = 0,
        max_value: float | None = None,
    ) -> Iterator[Answer]:
        """Results together with images; see :func:`convcut_mm.apis.batching.answers`."""
        at_least('batch_size', batch_size)
        at_least('every', every)
        if seconds is not None and not seconds > 0:
            raise ConvcutError(f'seconds={seconds!r}: expected more than 0')
        reading = Reading(rotate, max_value).checked()
        return answers(self, sources, batch_size, every, with_images, seconds, reading)

    def detect(self, image: np.ndarray) -> list:
        """The faces of an image, ``list[Face]``.

        Args:
            image (ndarray): (H, W, 3) uint8, red, green, blue.
        """
        return self.detector(image)

    def crop(self, image: np.ndarray, face: Face) -> np.ndarray:
        """What the model is shown of a face, (H, W, 3) uint8; see :func:`crop_face`."""
        if isinstance(self.detector, WholeImage) and self.margin == 0:
            return self._fitted(image)
        side = round(self.backend.size / self.backend.share)
        return self._fitted(crop_face(image, face, self.margin, side))

    def classify(self, faces: Any) -> np.ndarray:
        """Classifies faces that are cut out already.

        Args:
            faces: One face or several: whatever :meth:`__call__` takes but videos. An array (H, W,
                3) is one face, (N, H, W, 3) are several; red first.

        Returns:
            ndarray: (N, C), probabilities in the order of ``classes``.

        Raises:
            ConvcutError: One of them is no image, or a video; weights that give NaN.
        """
        scores = self.probabilities([self._read_face(source) for source in iter_sources(faces)])
        check_probabilities(scores)
        return scores

    def _read_face(self, source: Source) -> np.ndarray:
        if source.is_video:
            raise ConvcutError(f'{source.name}: a video; classify takes images of faces')
        face = read(source.value, source.name, self.max_pixels)
        if isinstance(face, Animation):
            raise ConvcutError(f'{source.name}: several frames; classify takes single images')
        return face

    def probabilities(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """What the backend says of faces, which damaged weights turn into NaN; unchecked.

        Args:
            faces (Sequence[ndarray]): (H, W, 3) uint8, red, green, blue, of any size.
        """
        if not len(faces):
            return np.zeros((0, len(self.classes)), np.float32)
        return self.backend(np.stack([self._fitted(face) for face in faces]))

    def _fitted(self, face: np.ndarray) -> np.ndarray:
        """A face in the size that the backend takes; one in that size already stays as it is."""
        size = self.backend.size
        if face.shape[:2] != (size, size):
            face = resized(middle(face, self.backend.share), size)
        if self.backend.grey and not _is_grey(face):
            face = np.repeat(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        return face

    def draw(self, image: np.ndarray, result: dict) -> np.ndarray:
        """Draws boxes and bars.

        Args:
            image (ndarray): (H, W, 3) uint8, red, green, blue.
            result (dict): What was said about it.

        Returns:
            ndarray: (H', W', 3) uint8: the picture, small ones enlarged and huge ones reduced,
            with the probabilities beside it.
        """
        return draw_result(image, result, self.classes)

    def show(self, answer: Answer, wait_time: float = 0) -> bool:
        """Shows a picture in a window; False once the user pressed q or Escape.

        Raises:
            ConvcutError: There is no display.
        """
        if answer.image is None:
            return True
        seconds = wait_time or (0 if answer.video is None else MOMENT)
        return show(self.draw(answer.image, answer.result), seconds)


def middle(image: np.ndarray, share: float) -> np.ndarray:
    """The middle of an image, that share of each side."""
    height, width = image.shape[:2]
    top, left = round(height * (1 - share) / 2), round(width * (1 - share) / 2)
    return image[top : height - top, left : width - left]


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """An image in ``size`` x ``size`` pixels: averaged where it shrinks, linear where it grows."""
    shrinks = min(image.shape[:2]) > size
    return cv2.resize(
        image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _is_grey(image: np.ndarray) -> bool:
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())


def _as_video(source: Source) -> Source:
    """Paths are videos unless they are called like images."""
    is_path = isinstance(source.value, str) and not source.value.startswith(DATA_PREFIX)
    if not is_path or is_image_name(source.name.split('?')[0]):
        return source
    return source._replace(is_video=True)


def count_steps(
    sources: Sequence[Source], every: int = 1, seconds: Optional[float] = None
) -> Optional[int]:
    """How many images and frames there are to look at; None where a webcam has no end."""
    total = 0
    for source in sources:
        frames: Optional[int] = 1
        if source.is_video:
            try:
                video = Video(source.value, source.name)
            except ConvcutError:
                continue  # reported when its turn comes
            frames = video.frames
            if seconds is not None:
                frames = min(frames or 2**62, math.ceil(seconds * video.rate))
            video.close()
        if frames is None:
            return None
        total += -(-frames // every) if source.is_video else 1
    return total
