"""From a photo, a folder or a video to the expressions of the faces in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import register
from ..errors import ConvcutError
from ..utils.checks import at_least, checked_names, compute_device
from ..utils.image_files import MAX_PIXELS
from ..zoo import DEFAULT_MODEL
from . import batching
from .backends import Backend, backend_class
from .crops import classified, cut_out, whole
from .detectors import (
    DEFAULT_DETECTOR,
    Detector,
    Face,
    UprightSearch,
    WholeImage,
    build_detector,
)
from .detectors.base import RAF_DB
from .find_faces import Crop, Detect
from .inputs.options import AS_THEY_ARE, InputOptions
from .inputs.sources import Source, as_video, iter_sources, list_sources, read_still
from .outputs.drawing import draw_result
from .outputs.pictures import PictureWriter
from .outputs.window import check_display, show
from .progress_bar import with_progress
from .results import ImageResult, check_probabilities

if TYPE_CHECKING:  # exported models run without PyTorch and mmengine
    import torch
    from mmengine.config import Config
    from torch import nn

    from .classifier import Classifier

MOMENT = 0.001  # seconds that a video's frame is shown for


class ExpressionInferencer:
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
        detector (str | Detector): What finds faces: 'centerface' (aligns them), 'cascade'
            (scikit-image's), 'dlib', 'mtcnn', 'yunet' (OpenCV's), 'none' (the image is the face),
            or an object. Defaults to 'centerface'.
        detector_model (str | Path, optional): YuNet's model file.
        margin (float, optional): What is cut out around a face, as a share of the box's side on
            each side. Defaults to what fits the detector.
        classes (Sequence[str], optional): Class names, where the checkpoint names none.
        max_pixels (int): Width times height that an image or a frame may have; larger ones are
            refused before they are decoded. Defaults to 120 million, one to two GB.
        **kwargs: Settings of the model that override the config's, as in mmpretrain.

    Attributes:
        classes (tuple[str]): Class names in the order of the labels.
        classifier (Classifier, optional): The model in PyTorch with its config and test pipeline;
            None with another backend.
        backend (Backend): What classifies.
        detector (Detector): What finds faces.
        margin (float): What is cut out around a face.
        template (ndarray): (5, 2), where the landmarks of a face go; see :class:`Detector`.
        max_pixels (int): The limit of an image's size.

    Raises:
        ConvcutError: No such model, file, backend or detector; weights that don't fit.
    """

    def __init__(
        self,
        model: str | Path | Config | nn.Module = DEFAULT_MODEL,
        pretrained: bool | str | Path | None = True,
        device: str | torch.device | None = None,
        backend: str = 'torch',
        detector: str | Detector = DEFAULT_DETECTOR,
        detector_model: str | Path | None = None,
        margin: float | None = None,
        classes: Sequence[str] | None = None,
        max_pixels: int = MAX_PIXELS,
        **kwargs: Any,
    ) -> None:
        if not max_pixels >= 1:
            raise ConvcutError(f'max_pixels={max_pixels}: expected 1 or more')
        self.max_pixels = int(max_pixels)
        if backend == 'torch':
            register()
        open_backend = backend_class(backend)
        if isinstance(detector, str):
            detector = build_detector(detector, detector_model)
        self.detector = detector
        self.margin = getattr(detector, 'margin', 0.0) if margin is None else float(margin)
        self.template = getattr(detector, 'template', RAF_DB)
        if not -0.4 <= self.margin <= 2:
            raise ConvcutError(f'margin={margin}: expected a share from -0.4 to 2')
        self.classifier: Classifier | None = None
        self.backend: Backend
        if backend == 'torch':
            from .load_classifier import load_classifier

            self.classifier = load_classifier(
                model, pretrained, device=device, classes=classes, **kwargs
            )
            self.backend = open_backend(self.classifier)
        else:
            if device is not None and compute_device(device).type != 'cpu':
                raise ConvcutError(
                    f'device "{device}": the backend "{backend}" computes on the CPU; leave it out'
                )
            self.backend = open_backend(
                pretrained if isinstance(pretrained, (str, Path)) else model
            )
            if classes is not None:
                self.backend.classes = checked_names(classes, len(self.backend.classes))
        self.classes = self.backend.classes

    @property
    def takes_whole_images(self) -> bool:
        """Whether each image is a face."""
        return isinstance(self.detector, WholeImage)

    @property
    def model(self) -> nn.Module | None:
        """The network in PyTorch, None with another backend."""
        return None if self.classifier is None else self.classifier.model

    @property
    def config(self) -> Config | None:
        """The network's config, None with another backend."""
        return None if self.classifier is None else self.classifier.config

    def __call__(
        self,
        inputs: Any,
        batch_size: int = 32,
        show: bool = False,
        show_dir: str | Path | None = None,
        wait_time: float = 0,
        rotate: int = 0,
        max_value: float | None = None,
    ) -> list[dict[str, Any]]:
        """Find and classify the faces of images and videos.

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
        if show:
            check_display()
        options, sources = InputOptions(rotate, max_value), list_sources(inputs)
        results = self.results(sources, options, batch_size, with_images=show or bool(show_dir))
        found = []
        writer = nullcontext() if show_dir is None else PictureWriter(show_dir, self.draw)
        with writer as pictures:
            for result in with_progress(results, sources, options):
                found.append(result.data)
                if pictures is not None:
                    pictures.add(result)
                if show:
                    self.show(result, wait_time)
        return found

    def stream(
        self,
        video: Any,
        batch_size: int = 32,
        every: int = 1,
        seconds: float | None = None,
        rotate: int = 0,
        max_value: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Find and classify the faces of a video or webcam, frame by frame while it is read.

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
        sources = map(as_video, iter_sources(video))
        options = InputOptions(rotate, max_value, every, seconds)
        for result in self.results(sources, options, batch_size):
            yield result.data

    def results(
        self,
        sources: Iterable[Source],
        options: InputOptions = AS_THEY_ARE,
        batch_size: int = 32,
        with_images: bool = False,
    ) -> Iterator[ImageResult]:
        """Results together with images; see :func:`convcut_mm.apis.batching.results`."""
        at_least('batch_size', batch_size)
        options.check()
        return batching.results(
            sources,
            options,
            self.max_pixels,
            search=self._search,
            crop=self._cutter(),
            classify=partial(classified, backend=self.backend),
            classes=self.classes,
            batch_size=batch_size,
            with_images=with_images,
        )

    def _cutter(self) -> Crop:
        if self.takes_whole_images and self.margin == 0:
            return partial(whole, backend=self.backend)
        return partial(cut_out, margin=self.margin, template=self.template, backend=self.backend)

    def detect(self, image: np.ndarray) -> list[Face]:
        """The faces of an image.

        Args:
            image (ndarray): (H, W, 3) uint8, red, green, blue.
        """
        return list(self._search()(image))

    def _search(self) -> Detect:
        """A search for one image or video."""
        return self.detector if self.takes_whole_images else UprightSearch(self.detector)

    def crop(self, image: np.ndarray, face: Face) -> np.ndarray:
        """What the model is shown of a face, (H, W, 3) uint8; see :func:`crop_face`."""
        return self._cutter()(image, face)

    def classify(self, faces: Any) -> np.ndarray:
        """Classify faces that are cut out already.

        Args:
            faces: One face or several: whatever :meth:`__call__` takes but videos. An array (H, W,
                3) is one face, (N, H, W, 3) are several; red first.

        Returns:
            ndarray: (N, C), probabilities in the order of ``classes``.

        Raises:
            ConvcutError: One of them is no image, or a video; weights that give NaN.
        """
        images = [read_still(source, self.max_pixels) for source in iter_sources(faces)]
        probabilities = classified(images, self.backend)
        check_probabilities(probabilities)
        return probabilities

    def draw(self, image: np.ndarray, result: dict[str, Any]) -> np.ndarray:
        """Draw boxes and bars.

        Args:
            image (ndarray): (H, W, 3) uint8, red, green, blue.
            result (dict): What was said about it.

        Returns:
            ndarray: (H', W', 3) uint8: the picture, small ones enlarged and huge ones reduced,
            with the probabilities beside it.
        """
        return draw_result(image, result, self.classes)

    def show(self, result: ImageResult, wait_time: float = 0) -> bool:
        """Show a picture in a window; False once the user pressed q or Escape.

        Raises:
            ConvcutError: There is no display.
        """
        if result.image is None:
            return True
        seconds = wait_time or (0 if result.video is None else MOMENT)
        return show(self.draw(result.image, result.data), seconds)
