"""Everything that depends on which mm* stack is installed.

Two lines of distributions give the same import names ``mmpretrain``, ``mmengine`` and ``mmcv``:
OneDL (maintained) and upstream (last release 2024-2025). They overwrite each other's files, so
exactly one may be installed.
"""

from importlib import import_module, metadata

from packaging.version import Version

ONEDL = ('onedl-mmpretrain', 'onedl-mmengine', 'onedl-mmcv')
UPSTREAM = ('mmpretrain', 'mmengine', 'mmcv', 'mmcv-lite')
INSTALL_LINE = 'pip install "convcut_mm[onedl]"'
# the oldest releases whose ModelHub, registries and hooks have what this package calls
MINIMUM = {'mmpretrain': '1.2.0', 'mmengine': '0.10.7', 'mmcv': '2.1.0'}


def installed(names: tuple) -> list:
    """Returns those distributions of ``names`` that are installed.

    Only presence is asked: the distribution's name differs between the lines, so versions are
    read from the imported modules.
    """
    found = []
    for name in names:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def check_stack() -> None:
    """Checks that exactly one mm* stack is installed and new enough.

    Raises:
        ImportError: One line that says what is wrong and the command that mends it.
    """
    onedl, upstream = installed(ONEDL), installed(UPSTREAM)
    if onedl and upstream:
        raise ImportError(
            f'convcut_mm: both mm* lines are installed ({", ".join(onedl + upstream)}) and '
            f'overwrite each other; keep one: pip uninstall -y {" ".join(onedl + upstream)} && '
            f'{INSTALL_LINE}'
        )
    for name, minimum in MINIMUM.items():
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
