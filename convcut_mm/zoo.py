"""Find the configs and register them as models of mmpretrain."""

import warnings
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from .errors import ConvcutError

DEFAULT_MODEL = 'convcut-atto_ferplus'  # used if the user names none
METHODS = 'convcut_mm.methods'  # entry point group of packages that add methods
PACKAGE = Path(__file__).resolve().parent
_registered: dict[str, Path] = {}  # model name to config file
_former_names: dict[str, str] = {}  # model name in an earlier release to its name now


def root() -> Path:
    """Return the folder of ``configs`` and ``tools``: ``.mim`` in a wheel, else the repository."""
    packed = PACKAGE / '.mim'
    return packed if (packed / 'configs').is_dir() else PACKAGE.parent


def _hub() -> Any:
    """mmpretrain's list of models, at whose import PyTorch is imported."""
    from mmpretrain.apis import ModelHub

    return ModelHub


def register_models(index: Path | None = None, base: Path | None = None) -> list[str]:
    """Register every model in the metafiles of an index; a second call changes nothing.

    Args:
        index: A ``model-index.yml``. Defaults to the one of this package.
        base: Folder that the paths of configs and weights are relative to. Defaults to the folders
            of this package.

    Returns:
        Names of the models that were added.

    Raises:
        ConvcutError: The index cannot be read, a model has no config file, or two models have the
            same name. Nothing is registered then.
    """
    own = index is None
    if own and _registered:
        return []
    folder = root() if base is None else Path(base)
    index = folder / 'configs' / 'model-index.yml' if index is None else Path(index)
    added = _listed(index, folder)
    if all(_registered.get(name) == config for name, config in added.items()):
        return []
    _check_new(added, index)
    hub = _hub()
    hub.register_model_index(index, folder)
    for name, config in added.items():
        model = hub._models_dict[name]
        _registered[name] = config
        former = metadata(name).get('Formerly')
        if former:
            _former_names[former] = name
        # the hub makes the paths of configs absolute, but not those of weights
        if model.weights and '://' not in model.weights:
            model.weights = str((PACKAGE.parent if own else folder) / model.weights)
    return list(added)


def _listed(index: Path, folder: Path) -> dict[str, Path]:
    """Read the names of an index's models and their config files, and check that these exist."""
    import yaml
    from modelindex.load_model_index import load as load_index

    try:
        found = load_index(str(index))
    except (OSError, ValueError, yaml.YAMLError) as error:
        line = ' '.join(str(error).split())
        raise ConvcutError(f'{index}: no model index ({line})') from None
    if found.check_errors:  # an imported file is missing or is not YAML
        raise ConvcutError(f'{index}: {" ".join(str(found.check_errors[0]).split())}')
    listed: dict[str, Path] = {}
    for model in found.models:
        name, where = str(model.name).lower(), model.filepath
        if name in listed:
            raise ConvcutError(f'{where}: two models are called "{name}", rename one of them')
        config = (folder / (model.config or '')).absolute()
        if not config.is_file():
            raise ConvcutError(
                f'{where}: the model "{name}" has no config file, "Config: {model.config}" is '
                f'looked for in {folder}'
            )
        listed[name] = config
    return listed


def _check_new(added: dict[str, Path], index: Path) -> None:
    for name in added:
        if _hub().has(name):
            other = _hub()._models_dict[name].filepath
            raise ConvcutError(
                f'{index}: a model of {other} is called "{name}" too, rename one of them'
            )


def models(with_weights: bool = False) -> list[str]:
    """List the names of the registered models.

    Args:
        with_weights: List only models with trained weights. Defaults to False.
    """
    return [name for name in _registered if not with_weights or weights(name)]


def metadata(name: str) -> dict[str, Any]:
    """Return the ``Metadata`` in a registered model's metafile, such as ``Batch Dependent``."""
    found = _hub()._models_dict[name].metadata
    return {} if found is None else dict(found.data)


def weights(name: str) -> str | None:
    """Return the path or URL of a model's trained weights.

    Args:
        name: A model of mmpretrain's zoo.

    Returns:
        None if there is no such model, or it has no weights.
    """
    found = _hub()._models_dict.get(name.lower())
    return None if found is None else found.weights


def config_file(name: str) -> Path | None:
    """Return the config file of a registered model.

    Args:
        name: The model's name, now or in an earlier release.

    Returns:
        None if no such model is registered.
    """
    return _registered.get(_former_names.get(name, name.lower()))


def load_methods() -> list[str]:
    """Register the methods of other installed packages, see docs/add_a_method.md.

    An entry point that fails raises a warning only: other packages stay usable.

    Returns:
        Names of the entry points that were run.
    """
    names = []
    for entry in entry_points(group=METHODS):
        try:
            entry.load()()
        except Exception as error:  # name the package, whatever its code raises
            kind = '' if isinstance(error, ConvcutError) else f'{type(error).__name__}: '
            reason = ' '.join(f'{kind}{error}'.split())
            warnings.warn(
                f'the installed method "{entry.name}" ({entry.value}) is left out, fix or '
                f'uninstall it: {reason}',
                stacklevel=2,
            )
        else:
            names.append(entry.name)
    return names


def forget(name: str) -> None:
    """Remove a model from the zoo and from mmpretrain's list."""
    _hub()._models_dict.pop(name, None)
    _registered.pop(name, None)
