"""Conv-cut, facial expression recognition with a truncated ConvNeXt, as a plug-in for mmpretrain.

Importing it registers the components in ``mmpretrain.registry`` and the configs in mmpretrain's
model zoo (``mmpretrain.list_models('convcut*')``), makes mmengine load checkpoints without running
code from them (see ``utils/checkpoint.py``), and sends its logs to stderr (``utils/logs.py``).
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
    """``convcut_mm.ExpressionInferencer``, imported when it is asked for."""
    if name == 'ExpressionInferencer':
        from .apis import ExpressionInferencer

        return ExpressionInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
