"""Check which mm* stack is installed.

Two lines of distributions provide the modules ``mmpretrain``, ``mmengine`` and ``mmcv``: OneDL
(maintained) and upstream (last release 2024-2025). They overwrite each other's files, so only one
of them may be installed.
"""

from importlib import import_module, metadata

from packaging.version import Version

ONEDL = ('onedl-mmpretrain', 'onedl-mmengine', 'onedl-mmcv')
UPSTREAM = ('mmpretrain', 'mmengine', 'mmcv', 'mmcv-lite')
INSTALL_LINE = 'pip install "convcut_mm[onedl]"'
# the oldest releases that have all that this package calls
MINIMUM = {'mmpretrain': '1.2.0', 'mmengine': '0.10.7', 'mmcv': '2.1.0'}


def installed(names: tuple[str, ...]) -> list[str]:
    """Return the distributions among ``names`` that are installed."""
    found = []
    for name in names:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def check_stack() -> None:
    """Check that exactly one mm* stack is installed, and new enough.

    Raises:
        ImportError: In one line, what is wrong and the command that fixes it.
    """
    onedl, upstream = installed(ONEDL), installed(UPSTREAM)
    if onedl and upstream:
        raise ImportError(
            f'convcut_mm: both mm* lines are installed ({", ".join(onedl + upstream)}) and '
            f'overwrite each other; keep one: pip uninstall -y {" ".join(onedl + upstream)} && '
            f'{INSTALL_LINE}'
        )
    for name, minimum in MINIMUM.items():
        # ask the module: the two lines name their distributions differently
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            raise ImportError(
                f'convcut_mm: the module "{error.name}" is missing; install the '
                f'mm* stack with: {INSTALL_LINE}'
            ) from error
        if Version(module.__version__) < Version(minimum):
            raise ImportError(
                f'convcut_mm: {name} {module.__version__} is too old, at least '
                f'{minimum} is needed: {INSTALL_LINE}'
            )
