"""The door that leaves PyTorch out until it is needed; the command ``convcut`` comes in here.

``import convcut_mm`` is a plug-in of mmpretrain's: it registers models, for which PyTorch and
mmpretrain take two seconds. A program that imports this module first is asked nothing of that:

    from convcut import ExpressionInferencer
    inferencer = ExpressionInferencer('model.onnx', backend='onnxruntime')  # without PyTorch

What builds models calls ``convcut_mm.register()``, as the inferencer does for PyTorch's backend.
"""

import sys

try:
    from convcut_mm.cli.main import main
    from convcut_mm.cli.run import run_tool
    from convcut_mm.cli.start_up import start_up
except KeyboardInterrupt:
    print('interrupted', file=sys.stderr)
    sys.exit(130)

__all__ = ['main', 'run_tool', 'start_up']


def __getattr__(name: str):
    """Import ``ExpressionInferencer`` at its first use."""
    if name == 'ExpressionInferencer':
        from convcut_mm.apis import ExpressionInferencer

        return ExpressionInferencer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
