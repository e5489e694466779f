"""The order of classes in which data scripts read folders of classes."""

from collections.abc import Sequence

import numpy as np


def folder_ranks(classes: Sequence[str]) -> np.ndarray:
    """Return the place of each class among its folders in alphabetical order.

    The released data script, like torchvision's ``ImageFolder`` and most others, reads one folder
    a class, anger, contempt, disgust, and so on, whatever the numbers of the labels are.

    Args:
        classes (Sequence[str]): Name of each class, by label.

    Returns:
        ndarray: (C,), 0 for the class whose folder is read first.
    """
    names = [str(name).casefold() for name in classes]
    return np.argsort(np.argsort(names, kind='stable'), kind='stable')
