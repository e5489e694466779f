"""Check a config: build its data sets and model before anything is written."""

from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.model import BaseTTAModel
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS, HOOKS, MODELS
from torch import nn

from ..errors import ConvcutError
from ..feature_store import check_dataset, check_model
from ..utils.checks import at_least
from .config import FEATURE_STORE_HOOK


def check_config(cfg: Config, loaders: tuple[str, ...]) -> nn.Module:
    """Build the data sets and the model of a config, so that mistakes leave no work folder.

    Args:
        cfg (Config): The config.
        loaders (tuple[str]): Keys of the data loaders that are needed.

    Returns:
        nn.Module: The model, with random weights.

    Raises:
        ConvcutError: A part refuses its settings, a batch size is below 1, or a data set has more
            classes than the model.
    """
    for name in loaders:
        if cfg.get(name) is not None:
            _check_loader(cfg[name], name)
    stores = [
        hook for hook in cfg.get('custom_hooks') or [] if hook.get('type') == FEATURE_STORE_HOOK
    ]
    datasets: dict[str, Any] = {}
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        for hook in stores:
            HOOKS.build(hook)
        for name in loaders:
            if cfg.get(name) is not None:
                datasets[name] = DATASETS.build({**cfg[name]['dataset'], 'lazy_init': False})
                if stores:
                    check_dataset(datasets[name], name)
        model = {**cfg.model}
        model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
        model = MODELS.build(model)
        if stores:
            check_model(model)
    for name, dataset in datasets.items():
        _check_classes(model, dataset, name)
    return model


def _check_classes(model: Any, dataset: Any, loader: str) -> None:
    """Check that the classifier has all labels, which would fail in the loss or in a metric."""
    if isinstance(model, BaseTTAModel):
        model = model.module
    outputs = getattr(getattr(model, 'head', None), 'num_classes', None)
    classes = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    if isinstance(outputs, int) and classes is not None and outputs < len(classes):
        raise ConvcutError(
            f'model.head.num_classes={outputs}: the data set of {loader} has {len(classes)} '
            f'classes ({", ".join(map(str, classes))})'
        )


def _check_loader(loader: ConfigDict, name: str) -> None:
    """Check the sizes, for which torch's loader would raise a traceback."""
    if loader.get('batch_sampler') is None and 'batch_size' in loader:
        at_least(f'{name}.batch_size', loader['batch_size'])
    at_least(f'{name}.num_workers', loader.get('num_workers', 0), 0)
