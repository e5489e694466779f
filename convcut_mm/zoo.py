"""Where the configs lie, and their registration as models of mmpretrain."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Optional

from mmpretrain.apis import ModelHub

from .errors import ConvcutError

METHODS = 'convcut_mm.methods'  # the entry points of packages that add methods
PACKAGE = Path(__file__).resolve().parent
_registered: dict = {}  # name of each model of the metafiles: its config file
_former_names: dict = {}  # name that a model had in an earlier release: its name


def root() -> Path:
    """Folder that holds ``configs`` and ``tools``: ``.mim`` of a wheel, else the repository."""
    packed = PACKAGE / '.mim'
    return packed if (packed / 'configs').is_dir() else PACKAGE.parent


def register_models(index: Optional[Path] = None, base: Optional[Path] = None) -> list[str]:
    """Registers every model that the metafiles of an index list; a second call changes nothing.

    Args:
        index (Path, optional): A ``model-index.yml``. Defaults to the one of this package.
        base (Path, optional): Folder that paths of configs and weights start from. Defaults to
            those of this package.

    Returns:
        list[str]: Names of the models that were added.
    """
    own = index is None
    if own and _registered:
        return []
    before = set(ModelHub._models_dict)
    folder = root() if base is None else Path(base)
    ModelHub.register_model_index(
        folder / 'configs' / 'model-index.yml' if index is None else index, folder
    )
    added = [name for name in ModelHub._models_dict if name not in before]
    for name in added:
        model = ModelHub._models_dict[name]
        _registered[name] = Path(model.config)
        former = (model.metadata.data if model.metadata else {}).get('Formerly')
        if former:
            _former_names[former] = name
        # the hub makes the configs' paths absolute, not the weights'; ours lie in the package
        if model.weights and '://' not in model.weights:
            model.weights = str((PACKAGE.parent if own else folder) / model.weights)
    return added


def models(with_weights: bool = False) -> list[str]:
    """Names of the registered models.

    Args:
        with_weights (bool): Only those that come with weights. Defaults to False.
    """
    return [name for name in _registered if not with_weights or weights(name)]


def weights(name: str) -> Optional[str]:
    """Path or URL of a model's trained weights.

    Args:
        name (str): A model of mmpretrain's zoo.

    Returns:
        str | None: None if there is no such model, or no weights of it.
    """
    return ModelHub.get(name).weights if ModelHub.has(name) else None


def config_file(name: str) -> Optional[Path]:
    """Config of a registered model, also by the name that it had in an earlier release.

    Args:
        name (str): The model's name.

    Returns:
        Path | None: None if no such model is registered.
    """
    return _registered.get(_former_names.get(name, name))


def load_methods() -> list[str]:
    """Registers the methods of other installed packages: docs/add_a_method.md.

    Returns:
        list[str]: Names of the entry points that were run.

    Raises:
        ConvcutError: One of them fails.
    """
    names = []
    for entry in entry_points(group=METHODS):
        try:
            entry.load()()
        except Exception as error:  # whatever a stranger's code raises, its name has to be told
            raise ConvcutError(
                f'the installed method "{entry.name}" ({entry.value}) cannot be loaded, mend or '
                f'uninstall it: {type(error).__name__}: {error}'
            ) from error
        names.append(entry.name)
    return names


def forget(name: str) -> None:
    """Takes a model out of the zoo and of mmpretrain's list."""
    ModelHub._models_dict.pop(name, None)
    _registered.pop(name, None)
