"""Describe from the configs what was trained and tested on what."""

from pathlib import PurePath

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from ..datasets.builder import describe_dataset
from ..feature_store import StoreOptions
from .options import chosen_by

# what mmpretrain's keys mean
_METRICS = {
    'accuracy/top1': 'overall accuracy',
    'single-label/recall': 'mean class accuracy',
    'single-label/f1-score': 'macro F1',
}


def describe(cfg: Config) -> dict[str, str]:
    """Return the protocol of a config.

    Args:
        cfg (Config): The config.

    Returns:
        dict[str, str]: 'fitted on', 'epoch chosen by', 'tested on', 'recipe', 'backbone'.
    """
    return {
        'fitted on': describe_dataset(cfg.train_dataloader.dataset),
        'epoch chosen by': _choice(cfg),
        'tested on': describe_dataset(cfg.test_dataloader.dataset),
        'recipe': _recipe(cfg),
        'backbone': _backbone(cfg),
    }


def protocol(rows: dict[str, Config], backbone: Config | None = None) -> list[str]:
    """Return the protocol of a table.

    Args:
        rows (dict[str, Config]): The config of each row, by its title.
        backbone (Config, optional): Config of the training of the frozen backbone. Defaults to
            None: the rows share no backbone.

    Returns:
        list[str]: A line for each property that all rows share, and a line for each row for each
        property in which they differ.
    """
    described = {title: describe(cfg) for title, cfg in rows.items()}
    first = next(iter(described.values()))
    shared = [key for key in first if all(one[key] == first[key] for one in described.values())]
    lines = [f'{key}: {first[key]}' for key in shared]
    if backbone is not None:
        trained = describe(backbone)
        lines.append(
            f'weights of the backbone: one training from scratch, the same for all rows and '
            f'seeds, {trained["recipe"]}, on {trained["fitted on"]}'
        )
    else:
        lines += [f'weights of the backbone: {name}' for name in _pretrained(rows)]
    lines.append(
        'seeds: initial weights, order of the images and augmentation differ; the parts of the '
        'data are the same'
    )
    for key in first:
        if key not in shared:
            lines += [f'{key}, row "{title}": {one[key]}' for title, one in described.items()]
    return lines


def _backbone(cfg: Config) -> str:
    """Return what is trained; backbones have different settings for it, so build one and look."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        backbone = MODELS.build(cfg.model.backbone)
    backbone.train()  # some freeze themselves here
    learns = [parameter.requires_grad for parameter in backbone.parameters()]
    if all(learns):
        return 'trained with the rest'
    if any(learns):
        return 'frozen in part'
    store = cfg.get('feature_store')
    if not store:
        return 'frozen'
    dtype = store.get('dtype', StoreOptions.dtype)
    return f'frozen; its features are stored as {dtype} for training, validation and test'


def _pretrained(rows: dict[str, Config]) -> list[str]:
    """Name the files of weights that the rows' backbones start from."""
    cfgs = [cfg.model.backbone.get('init_cfg') for cfg in rows.values()]
    found = [cfg for cfg in cfgs if isinstance(cfg, dict) and cfg.get('type') == 'Pretrained']
    return list(dict.fromkeys(PurePath(cfg['checkpoint']).name for cfg in found))


def _choice(cfg: Config) -> str:
    metric = chosen_by(cfg)
    if metric is None:
        return 'nothing, it is the last one'
    name = f'{_METRICS[metric]} ({metric})' if metric in _METRICS else metric
    return f'{name} on {describe_dataset(cfg.val_dataloader.dataset)}'


def _recipe(cfg: Config) -> str:
    optimizer = cfg.optim_wrapper.optimizer
    return (
        f'{optimizer["type"]}, learning rate {optimizer["lr"]:g}, batches of '
        f'{cfg.train_dataloader.batch_size}, {cfg.train_cfg.max_epochs} epochs'
    )
