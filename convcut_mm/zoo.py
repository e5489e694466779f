"""Where the configs lie, and their registration as models of mmpretrain."""

from pathlib import Path

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
