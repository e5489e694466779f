"""Facial expression recognition for mmpretrain: Conv-cut, a truncated ConvNeXt, and others.

Importing the package registers its components in ``mmpretrain.registry`` and its configs in
mmpretrain's model zoo (``mmpretrain.list_models('convcut*')``), makes mmengine load checkpoints
without running code from them (``utils/checkpoint.py``) and send its logs to stderr
(``utils/logs.py``). A program that imports the module ``convcut`` first, as the command does, gets
all that from :func:`register`, when it is needed.
"""

import sys
from functools import cache
from importlib import import_module

from .errors import ConvcutError
from .version import __version__

PARTS = ('datasets', 'engine', 'evaluation', 'models')

__all__ = ['ConvcutError', 'ExpressionInferencer', '__version__', 'register', *PARTS]


@cache
def register() -> None:
    """Register everything with mmpretrain, which imports PyTorch; a second call changes nothing.

    Raises:
        ImportError: No mm* stack, two of them, or one that is too old.
        ConvcutError: The index of the models is damaged.
    """
    from .compat import check_stack

    check_stack()
    from .utils.logs import import_quietly

    import_quietly()
    for part in PARTS:
        import_module(f'.{part}', __name__)
    from .utils.checkpoint import install_safe_loaders
    from .zoo import load_methods, register_models

    install_safe_loaders()
    register_models()
    load_methods()


def __getattr__(name: str):
    """Import ``ExpressionInferencer`` and the parts at their first use."""
    if name == 'ExpressionInferencer':
        from .apis import ExpressionInferencer

        return ExpressionInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


if 'convcut' not in sys.modules:
    register()
