"""Settings of the feature store."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import ConvcutError
from .manifest import DTYPES

COMPUTE = ('float32', 'bfloat16')
RESIDENT = ('auto', True, False)


@dataclass
class StoreOptions:
    """Settings of the feature store; ``feature_store=dict(...)`` in a config.

    Args:
        dir: Folder of all stores. Defaults to 'work_dirs/feature_store'.
        dtype: Type of the stored numbers, 'float32', 'float16' or 'bfloat16'. Defaults to
            'float16', half the size; the rest of the model computes in float32 in any case.
        compute: Format of the backbone's forward pass, 'float32' or 'bfloat16' (autocast).
            Defaults to 'float32'.
        batch_size: Images in a forward pass. Defaults to 'auto': 4 on a CPU, whose allocator is
            slow with larger maps (see ``models/utils/cpu.py``), 64 on a GPU.
        resident: Hold the features in the memory of the model's device. Defaults to 'auto': on a
            GPU, if they fit into 60 % of its free memory.

    Raises:
        ConvcutError: A value is unknown.
    """

    dir: str = 'work_dirs/feature_store'
    dtype: str = 'float16'
    compute: str = 'float32'
    batch_size: int | str = 'auto'
    resident: bool | str = 'auto'

    def __post_init__(self) -> None:
        if not isinstance(self.dir, (str, Path)) or not str(self.dir):
            raise ConvcutError(f'feature_store.dir={self.dir!r}: expected the path of a folder')
        for name, known in (('dtype', DTYPES), ('compute', COMPUTE), ('resident', RESIDENT)):
            if getattr(self, name) not in tuple(known):
                raise ConvcutError(
                    f'feature_store.{name}={getattr(self, name)!r}: expected '
                    f'{", ".join(map(str, known))}'
                )
        size = self.batch_size
        if size != 'auto' and (type(size) is not int or size < 1):
            raise ConvcutError(f'feature_store.batch_size={size!r}: expected auto, or 1 or more')
