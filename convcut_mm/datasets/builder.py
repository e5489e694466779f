"""Build the data sets of configs and answer tools' questions about them."""

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS

from ..errors import ConvcutError


def build_dataset(settings: dict, **changes) -> BaseDataset:
    """Build a data set of a config without its transforms.

    Args:
        settings: As in the config.
        **changes: Settings that replace its own; ``lazy_init=True`` reads no file.
    """
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return DATASETS.build({**settings, 'pipeline': [], 'lazy_init': False, **changes})


def class_names(config: Config) -> tuple[str, ...]:
    """Return the class names of a config's test set, whose files need not exist here.

    Raises:
        ConvcutError: There is no test set, or it names no classes.
    """
    classes = build_dataset(_test_set(config), lazy_init=True).metainfo.get('classes')
    if not classes:
        raise ConvcutError(
            f'{config.filename}: its test set names no classes; add metainfo=dict(classes=[...]) '
            'to test_dataloader.dataset'
        )
    return tuple(classes)


def is_grey(config: Config, trained_on: dict | None = None) -> bool:
    """Return whether a model takes grey images.

    The first of these with a ``grey`` flag decides: the config's ``metainfo``, the checkpoint, the
    data set's ``METAINFO``. A pipeline with a grey ``color_type`` always gives grey images.

    Args:
        config: The config, with a ``test_dataloader``.
        trained_on: ``dataset_meta`` of a checkpoint. Defaults to None.

    Raises:
        ConvcutError: There is no ``test_dataloader``.
    """
    settings = _test_set(config)
    while 'dataset' in settings:  # wrapped, for example repeated
        settings = settings['dataset']
    grey = (settings.get('metainfo') or {}).get('grey')
    if grey is None:
        grey = (trained_on or {}).get('grey')
    if grey is None:
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            kind = settings['type']
            kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        grey = (getattr(kind, 'METAINFO', None) or {}).get('grey')
    steps = settings.get('pipeline') or []
    return bool(grey) or any('gray' in str(step.get('color_type', '')) for step in steps)


def describe_dataset(settings: dict) -> str:
    """Say in a few words which images and labels a data set has.

    Use its own ``describe()`` if it has one, else name its type and split.
    """
    dataset = build_dataset(settings, lazy_init=True)
    if hasattr(dataset, 'describe'):
        return dataset.describe()
    split = settings.get('split')
    return type(dataset).__name__ if split is None else f'{type(dataset).__name__}, {split}'


def _test_set(config: Config) -> dict:
    loader = config.get('test_dataloader')
    if loader is None:
        raise ConvcutError(
            f'{config.filename}: has no test_dataloader, whose pipeline prepares images'
        )
    return loader['dataset']
