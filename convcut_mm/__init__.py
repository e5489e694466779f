"""Facial expression recognition for mmpretrain: Conv-cut, a truncated ConvNeXt, and others.

Importing the package registers its components in ``mmpretrain.registry`` and its configs in
mmpretrain's model zoo (``mmpretrain.list_models('convcut*')``), makes mmengine load checkpoints
without running code from them (``utils/checkpoint.py``) and send its logs to stderr
(``utils/logs.py``).
"""

from .compat import check_stack

check_stack()

from .utils.logs import import_quietly  # noqa: E402

import_quietly()

from . import datasets, engine, evaluation, models  # noqa: E402
from .errors import ConvcutError  # noqa: E402
from .utils.checkpoint import install_safe_loaders  # noqa: E402
from .version import __version__  # noqa: E402
from .zoo import load_methods, register_models  # noqa: E402

install_safe_loaders()
register_models()
load_methods()

__all__ = [
    'ConvcutError',
    'ExpressionInferencer',
    '__version__',
    'datasets',
    'engine',
    'evaluation',
    'models',
]


def __getattr__(name: str):
    """Import ``ExpressionInferencer`` at its first use."""
    if name == 'ExpressionInferencer':
        from .apis import ExpressionInferencer

        return ExpressionInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
