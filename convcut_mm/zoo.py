"""Where the configs lie, and their registration as models of mmpretrain."""

from importlib.metadata import entry_points
from pathlib import Path

import yaml
from mmpretrain.apis import ModelHub
from modelindex.load_model_index import load as load_index

from .errors import ConvcutError

DEFAULT_MODEL = 'convcut-atto_ferplus'  # where the user names none
METHODS = 'convcut_mm.methods'  # the entry points of packages that add methods
PACKAGE = Path(__file__).resolve().parent
_registered: dict[str, Path] = {}  # name of each model of the metafiles: its config file
_former_names: dict[str, str] = {}  # name that a model had in an earlier release: its name


def root() -> Path:
    """Folder that holds ``configs`` and ``tools``: ``.mim`` of a wheel, else the repository."""
    packed = PACKAGE / '.mim'
    return packed if (packed / 'configs').is_dir() else PACKAGE.parent


def register_models(index: Path | None = None, base: Path | None = None) -> list[str]:
    """Register every model that the metafiles of an index list; a second call changes nothing.

    Args:
        index: A ``model-index.yml``. Defaults to the one of this package.
        base: Folder that paths of configs and weights start from. Defaults to those of this
            package.

    Returns:
        Names of the models that were added.

    Raises:
        ConvcutError: An index that cannot be read, a model without a config file, two models of
            one name. Nothing is registered then.
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
    ModelHub.register_model_index(index, folder)
    for name, config in added.items():
        model = ModelHub._models_dict[name]
        _registered[name] = config
        former = metadata(name).get('Formerly')
        if former:
            _former_names[former] = name
        # the hub makes the configs' paths absolute, not the weights'; ours lie in the package
        if model.weights and '://' not in model.weights:
            model.weights = str((PACKAGE.parent if own else folder) / model.weights)
    return list(added)


def _listed(index: Path, folder: Path) -> dict[str, Path]:
    """Names of an index's models and their config files, which are there."""
    try:
        found = load_index(str(index))
    except (OSError, ValueError, yaml.YAMLError) as error:
        line = ' '.join(str(error).split())
        raise ConvcutError(f'{index}: no model index ({line})') from None
    if found.check_errors:  # a file that is imported is missing, or no YAML
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
        if ModelHub.has(name):
            other = ModelHub._models_dict[name].filepath
            raise ConvcutError(
                f'{index}: a model of {other} is called "{name}" too, rename one of them'
            )


def models(with_weights: bool = False) -> list[str]:
    """Names of the registered models.

    Args:
        with_weights: Only those that come with weights. Defaults to False.
    """
    return [name for name in _registered if not with_weights or weights(name)]


def metadata(name: str) -> dict:
    """The ``Metadata`` of a registered model's metafile, such as ``Batch Dependent``."""
    found = ModelHub._models_dict[name].metadata
    return {} if found is None else dict(found.data)


def weights(name: str) -> str | None:
    """Path or URL of a model's trained weights.

    Args:
        name: A model of mmpretrain's zoo.

    Returns:
        None if there is no such model, or no weights of it.
    """
    found = ModelHub._models_dict.get(name.lower())
    return None if found is None else found.weights


def config_file(name: str) -> Path | None:
    """Config of a registered model, also by the name that it had in an earlier release.

    Returns:
        None if no such model is registered.
    """
    return _registered.get(_former_names.get(name, name.lower()))


def load_methods() -> list[str]:
    """Registers the methods of other installed packages: docs/add_a_method.md.

    Returns:
        Names of the entry points that were run.

    Raises:
        ConvcutError: One of them fails.
    """
    names = []
    for entry in entry_points(group=METHODS):
        try:
            entry.load()()
        except Exception as error:  # whatever a stranger's code raises, its name has to be told
            kind = '' if isinstance(error, ConvcutError) else f'{type(error).__name__}: '
            raise ConvcutError(
                f'the installed method "{entry.name}" ({entry.value}) cannot be loaded, mend or '
                f'uninstall it: {kind}{error}'
            ) from error
        names.append(entry.name)
    return names


def forget(name: str) -> None:
    """Takes a model out of the zoo and of mmpretrain's list."""
    ModelHub._models_dict.pop(name, None)
    _registered.pop(name, None)
