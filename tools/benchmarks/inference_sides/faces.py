"""Read FERPlus's faces for the backends."""

from pathlib import Path

import numpy as np
from PIL import Image

from convcut_mm.datasets.builder import build_dataset
from convcut_mm.errors import ConvcutError


def ferplus_faces(
    data: Path, split: str, size: int, count: int | None = None
) -> tuple[np.ndarray, list[str]]:
    """Read faces with an agreed expression (majority rule).

    Args:
        data (Path): Folder that holds FER2013Train and FER2013Valid.
        split (str): 'train' or 'valid'.
        size (int): Side in pixels.
        count (int, optional): Number of faces, spread over the split. Defaults to None: all.

    Returns:
        tuple[ndarray, list[str]]: (N, size, size, 3) uint8, and the expressions.

    Raises:
        ConvcutError: There is no such folder.
    """
    if not (data / f'FER2013{split.title()}').is_dir():
        raise ConvcutError(f'--data {data}: no folder FER2013{split.title()} there')
    dataset = build_dataset(dict(type='FERPlus', data_root=str(data), split=split))
    chosen = np.linspace(0, len(dataset) - 1, count or len(dataset)).astype(int)
    infos = [dataset.get_data_info(int(number)) for number in chosen]
    faces = []
    for info in infos:
        with Image.open(info['img_path']) as image:
            faces.append(np.asarray(image.convert('RGB').resize((size, size))))
    classes = dataset.metainfo['classes']
    return np.stack(faces), [classes[int(info['gt_label'])] for info in infos]
