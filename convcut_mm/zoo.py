"""Where the configs lie, and their registration as models of mmpretrain."""

from pathlib import Path
from typing import Optional

from mmpretrain.apis import ModelHub

PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Folder that holds ``configs`` and ``tools``: ``.mim`` of a wheel, else the repository."""
    packed = PACKAGE / '.mim'
    return packed if (packed / 'configs').is_dir() else PACKAGE.parent


def register_models() -> None:
    """Registers every model of ``configs/metafile.yml``; a second call changes nothing."""
    if ModelHub.has('convcut_rafdb'):
        return
    ModelHub.register_model_index(root() / 'configs' / 'model-index.yml', root())
    # weights come with the package; the hub makes the configs' paths absolute, not the weights'
    for name, model in ModelHub._models_dict.items():
        if name.startswith('convcut') and model.weights and '://' not in model.weights:
            model.weights = str(PACKAGE.parent / model.weights)


def weights(name: str) -> Optional[str]:
    """Path or URL of a model's trained weights.

    Args:
        name (str): A model of mmpretrain's zoo.

    Returns:
        str | None: None if there is no such model, or no weights of it.
    """
    return ModelHub.get(name).weights if ModelHub.has(name) else None
