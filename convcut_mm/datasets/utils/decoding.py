"""Pipelines on image files that may be damaged."""

from collections.abc import Callable
from typing import Any

from ...errors import ConvcutError
from ...utils.image_files import check_image_file, damage


def run_pipeline(item: dict, pipeline: Callable[[dict], Any]) -> Any:
    """Run a pipeline on an item, and blame a damaged image file for an error.

    Args:
        item: The item; ``img_path`` in it is the image file.
        pipeline: The transforms.

    Raises:
        ConvcutError: The image file has too many pixels to be decoded, or is damaged.
    """
    if 'img_path' in item:
        check_image_file(item['img_path'])
    try:
        return pipeline(item)
    except Exception as error:
        # each decoder has its own errors for damaged files, cv2 even AssertionError
        problem = damage(item['img_path']) if 'img_path' in item else None
        if problem is None:
            raise
        raise ConvcutError(f'{item["img_path"]}: not a whole image file ({problem})') from error
