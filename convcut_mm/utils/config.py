"""Read configs and merge options into them."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import ConvcutError
from ..zoo import config_file
from .atomic import write_atomically
from .disk_errors import FULL

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def read_config(path: str | Path) -> Config:
    """Read a config.

    Args:
        path (str | Path): A config file, or the name of a registered model such as
            ``convcut_rafdb``. The path of a config in an earlier release works too.

    Raises:
        ConvcutError: There is no such file or model, or the file is not a config.
    """
    file = Path(path)
    if not file.is_file():
        # a bare name, or the config's path before each method got a folder
        named = str(path) == file.name and file.suffix != '.py' or file.parent.name == 'configs'
        moved = config_file(file.name.removesuffix('.py')) if named else None
        if moved is None:
            raise ConvcutError(f'{path}: no such config file')
        file = moved
    try:
        cfg = Config.fromfile(file)
    except (SyntaxError, NameError, TypeError, KeyError, OSError) as error:
        if isinstance(error, OSError) and error.errno in FULL:  # mmengine copies it to TMPDIR
            raise
        raise ConvcutError(f'{file}: cannot be read as a config ({error})') from error
    return WholeConfig(
        cfg._cfg_dict,
        cfg_text=cfg._text,
        filename=cfg._filename,
        env_variables=cfg._env_variables,
        format_python_code=cfg._format_python_code,
    )


class WholeConfig(Config):
    """A config that the runner writes into the work folder atomically."""

    def dump(self, file: str | Path | None = None) -> str | None:
        """Write the config, see ``Config.dump``."""
        if file is None or not str(file).endswith('.py'):
            return super().dump(file)
        write_atomically(file, self.pretty_text.encode())
        return None


def merge_options(cfg: Config, options: dict[str, Any] | None) -> None:
    """Merge ``--cfg-options`` into a config; ``data_root`` sets the folder of every data set.

    Args:
        cfg (Config): The config, changed in place.
        options (dict, optional): Values by dotted key.
    """
    options = dict(options or {})
    if 'data_root' in options:
        options['data_root'] = str(options['data_root'])  # the folder 2024 is parsed as a number
        for name in LOADERS:
            if cfg.get(name) is not None:
                _move_data(cfg[name].get('dataset'), options['data_root'])
    cfg.merge_from_dict(options)


def _move_data(dataset: dict | None, folder: str) -> None:
    """Set the folder of a data set, or of those inside a wrapper such as RepeatDataset."""
    if not isinstance(dataset, dict):
        return
    inner = [dataset.get('dataset'), *(dataset.get('datasets') or [])]
    if any(inner):
        for one in inner:
            _move_data(one, folder)
    else:
        dataset['data_root'] = folder
