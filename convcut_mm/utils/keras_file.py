"""Read the weights of a Keras HDF5 file that nobody has to trust."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from ..errors import ConvcutError

# Keras does not compress, so that contents far larger than the file are an attack
MOST_TIMES = 4
SPARE = 2**20  # bytes
DEEPEST = 16  # nested groups


def read_keras(path: str) -> dict[str, np.ndarray]:
    """Read every weight of a Keras HDF5 file.

    HDF5 can read contents from other files, by links, virtual data sets and external storage.
    Keras writes none of these, and all are refused.

    Args:
        path (str): File of weights or of a whole model.

    Returns:
        dict[str, ndarray]: Weights by '<layer>/<weight>', without the ':0' of the graph.

    Raises:
        ConvcutError: Not such a file, or it holds anything but numbers.
    """
    if not Path(path).is_file():
        raise ConvcutError(f'{path}: no such file')
    weights: dict[str, np.ndarray] = {}
    left = MOST_TIMES * Path(path).stat().st_size + SPARE
    try:
        with h5py.File(path, 'r') as file:
            # a whole model may hold the optimizer's state too
            whole = 'model_weights' in list(file)
            top = _linked(file, 'model_weights', path) if whole else file
            if not isinstance(top, h5py.Group):
                raise ConvcutError(f'{path}: "model_weights" is not a group')
            for name, item in _datasets(top, path, (), set()):
                left -= item.nbytes
                if left < 0:
                    raise ConvcutError(
                        f'{path}: the weights up to {name!r} are larger than the file, and Keras '
                        'does not compress'
                    )
                layer, leaf = name.split('/')[-2:]
                weights[f'{layer}/{leaf.split(":")[0]}'] = item[()]
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        if isinstance(error, ConvcutError):
            raise
        raise ConvcutError(f'{path}: not a whole HDF5 file of Keras ({error})') from None
    return weights


def _linked(group: h5py.Group, name: str, path: str) -> object:
    """Return the item of a group, unless it is a link to another place."""
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ConvcutError(
            f'{path}: {name!r} is a link to another place ({type(link).__name__}), which Keras '
            'does not write'
        )
    return group[name]


def _datasets(
    group: h5py.Group, path: str, above: tuple[str, ...], seen: set
) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield name and data set of all data sets in a group and below it."""
    place = h5py.h5o.get_info(group.id).addr
    if place in seen or len(above) > DEEPEST:
        problem = 'is in the file twice' if place in seen else 'is nested too deep'
        raise ConvcutError(f'{path}: the group {"/".join(above)!r} {problem}')
    seen.add(place)
    for part in group:
        item, names = _linked(group, part, path), (*above, part)
        name = '/'.join(names)
        if isinstance(item, h5py.Group):
            yield from _datasets(item, path, names, seen)
        elif isinstance(item, h5py.Dataset):
            if len(names) < 2:
                raise ConvcutError(f'{path}: {name!r} is outside of any layer')
            if item.is_virtual or item.external:
                raise ConvcutError(
                    f'{path}: {name!r} reads its numbers from other files, which Keras does not '
                    'write'
                )
            if item.shape is None or item.dtype.kind not in 'fiu' or item.dtype.itemsize > 8:
                raise ConvcutError(f'{path}: {name!r} is not an array of numbers')
            yield name, item
