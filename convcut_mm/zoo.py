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
    if not ModelHub.has('convcut_rafdb'):
        ModelHub.register_model_index(root() / 'configs' / 'model-index.yml', root())


def weights(name: str) -> Optional[str]:
    """Path or URL of a model's trained weights.

    Args:
        name (str): A model of mmpretrain's zoo.

    Returns:
        str | None: None if there is no such model, or no weights of it.
    """
    found = ModelHub.get(name).weights if ModelHub.has(name) else None
    if found is None or '://' in found or Path(found).is_absolute():
        return found
    return str(root() / found)  # the hub leaves paths in a metafile relative
