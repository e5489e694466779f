"""Image files with several frames (GIF, WebP, PNG, AVIF, pages of TIFF), read like videos."""

from collections.abc import Iterator

from PIL.ImageFile import ImageFile

from ...utils.image_files import check_size
from ...utils.text import first_line
from .frame import Frame
from .pixels import from_pil

FORMATS = ('GIF', 'WEBP', 'PNG', 'AVIF', 'TIFF')  # the second image of an MPO is no next frame
USUAL_DURATION = 0.1  # seconds, as browsers do where a file says nothing
SHORTEST_DURATION = 0.011  # browsers take less for nothing said
PAGE = 1.0  # seconds that a page of a TIFF counts for
MOST_FRAMES = 10_000  # a small file can hold millions
_SUBFILE, _SMALLER_OR_MASK = 254, 0b101  # tag of TIFF; bits of pages that repeat another


class Animation:
    """The frames of an image file, with the attributes of :class:`.video.Video`.

    Args:
        image (ImageFile): Pillow's, opened; closed after the iteration.
        name (str): What errors call it.
        max_pixels (int): Width times height that a frame may have.
        max_value (float, optional): The value of white, for more than 8 bits.

    Attributes:
        rate (float): Frames a second, by the first frame.
        frames (None): Their number is known only at the end.
        is_live (bool): False.
        problem (str | None): After the iteration: what was missing, in a few words.
    """

    is_live = False
    frames = None

    def __init__(
        self, image: ImageFile, name: str, max_pixels: int, max_value: float | None
    ) -> None:
        self.name = name
        self.problem: str | None = None
        self._image, self._max_pixels, self._max_value = image, max_pixels, max_value
        image.load()  # a WebP says how long only then
        self.rate = 1 / _duration(image)

    def __iter__(self) -> Iterator[Frame]:
        time, number = 0.0, 0
        try:
            for _ in _seek_each(self._image):
                if number == MOST_FRAMES:
                    self.problem = f'more than {MOST_FRAMES} frames; the rest is left out'
                    break
                check_size(self._image, self._max_pixels)
                yield Frame(number, time, from_pil(self._image, self._max_value, self.name))
                time += _duration(self._image)
                number += 1
        except Exception as error:  # each of Pillow's formats has errors of its own
            self.problem = f'stopped at frame {number} ({first_line(error)})'
        finally:
            self._image.close()


def is_animated(image: ImageFile) -> bool:
    """Whether an opened image has frames or pages to be read one by one."""
    if image.format not in FORMATS or not getattr(image, 'is_animated', False):
        return False
    frames = _seek_each(image)
    several = next(frames, None) is not None and next(frames, None) is not None
    image.seek(0)
    return several


def _seek_each(image: ImageFile) -> Iterator[int]:
    """Move to one frame after the other; skip a TIFF's thumbnails and masks."""
    for number in range(100 * MOST_FRAMES):
        try:
            image.seek(number)
        except EOFError:
            return
        tags = getattr(image, 'tag_v2', {})
        if not tags.get(_SUBFILE, 0) & _SMALLER_OR_MASK:
            yield number


def _duration(image: ImageFile) -> float:
    """Seconds for which the present frame is shown."""
    if image.format == 'TIFF':
        return PAGE
    try:
        seconds = float(image.info.get('duration', 0)) / 1000
    except (TypeError, ValueError, ZeroDivisionError):  # a fraction in an odd PNG
        seconds = 0.0
    return seconds if SHORTEST_DURATION <= seconds < float('inf') else USUAL_DURATION
