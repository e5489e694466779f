"""What was trained and tested on what, in sentences made from the configs themselves."""

from typing import Optional

from mmengine.config import Config


def describe(cfg: Config) -> dict:
    """A config's protocol.

    Args:
        cfg (Config): The config.

    Returns:
        dict[str, str]: 'fitted on', 'epoch chosen by', 'tested on', 'recipe', 'backbone'.
    """
    return {
        'fitted on': _data(cfg.train_dataloader.dataset),
        'epoch chosen by': _choice(cfg),
        'tested on': _data(cfg.test_dataloader.dataset),
        'recipe': _recipe(cfg),
        'backbone': 'frozen' if cfg.model.backbone.get('frozen') else 'trained with the rest',
    }


def protocol(rows: dict, backbone: Optional[Config] = None) -> list:
    """The protocol of a table.

    Args:
        rows (dict[str, Config]): The config of each row, by its title.
        backbone (Config, optional): Config that the frozen backbone was trained by.

    Returns:
        list[str]: A line for each thing that all rows share; one for each row where they differ.
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
    lines.append(
        'seeds: initial weights, order of the images and draws differ; the parts of the data '
        'are the same'
    )
    for key in first:
        if key not in shared:
            lines += [f'{key}, row "{title}": {one[key]}' for title, one in described.items()]
    return lines


def _data(dataset: dict) -> str:
    words = [dataset['type'], dataset['split']]
    if dataset.get('part') is not None:
        shares, seed = dataset.get('holdout', 0.1), dataset.get('holdout_seed', 0)
        shares = shares if isinstance(shares, (list, tuple)) else [shares]
        held = ' and '.join(f'{share:g}' for share in shares)
        words.append(f'part {dataset["part"]} (held out: {held}, seed {seed})')
    if dataset['type'] == 'FERPlus':
        rule = f'rule {dataset.get("rule", "majority")}'
        if dataset.get('keep') is not None:
            rule += f' on the images of {dataset["keep"]}'
        words += [rule, f'votes of {dataset.get("label_source", "label.csv")}']
    return ', '.join(words)


def _choice(cfg: Config) -> str:
    metric = cfg.default_hooks.checkpoint.get('save_best')
    if cfg.get('val_dataloader') is None or metric is None:
        return 'nothing, it is the last one'
    return f'{metric} on {_data(cfg.val_dataloader.dataset)}'


def _recipe(cfg: Config) -> str:
    optimizer = cfg.optim_wrapper.optimizer
    return (
        f'{optimizer["type"]}, learning rate {optimizer["lr"]:g}, batches of '
        f'{cfg.train_dataloader.batch_size}, {cfg.train_cfg.max_epochs} epochs'
    )
