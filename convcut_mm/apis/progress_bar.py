"""The progress bar over images and videos, whose frames are counted once they are open."""

import math
from collections.abc import Iterable, Iterator, Sequence

from ..utils.progress import progress
from .inputs.animation import Animation
from .inputs.kinds import is_live
from .inputs.options import InputOptions
from .inputs.sources import Source
from .inputs.video import Video
from .results import ImageResult


def with_progress(
    results: Iterable[ImageResult], sources: Sequence[Source], options: InputOptions
) -> Iterator[ImageResult]:
    """Results with a bar on stderr; a single image has none.

    Args:
        results (Iterable[ImageResult]): Of the sources, in their order.
        sources (Sequence[Source]): Images and videos.
        options (InputOptions): How they are read.

    Yields:
        ImageResult: Each, unchanged.
    """
    videos = [source for source in sources if source.is_video]
    endless = options.seconds is None and any(is_live(video.value) for video in videos)
    total = len(sources)
    last, counted, seen = None, 0, 0  # frames of the present source: in the total, and so far
    title, unit = 'looking for faces', 'frames' if videos else 'images'
    shown = len(sources) > 1 or bool(videos)
    with progress(title, None if endless else total, unit, shown) as step:
        for result in results:
            if result.source is not last:
                total += seen - counted  # a video may hold fewer frames than its file says
                last, counted, seen = result.source, 1, 0
            seen += 1
            frames = max(seen, expected_frames(result.video, options))
            total, counted = total + frames - counted, frames
            yield result
            step(total=None if endless else total)
        step(0, total=None if endless else total + seen - counted)


def expected_frames(video: Video | Animation | None, options: InputOptions) -> int:
    """Frames of a video that are looked at by what its file says, 1 where it says nothing."""
    if video is None:
        return 1
    frames = video.frames
    if options.seconds is not None:
        within = math.ceil(min(options.seconds * video.rate, 2**62))
        frames = within if frames is None else min(frames, within)
    return 1 if frames is None else -(-frames // options.every)
