"""The built-in data set: faces rendered by a program, no photographs."""

from pathlib import Path

from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from .rafdb import RAFDB
from .synthetic_faces import render_dataset


@DATASETS.register_module()
class DrawnFaces(RAFDB):
    """Synthetic faces with RAF-DB's seven basic expressions, rendered when they are missing.

    They show that training, testing and the tools work on a machine without data. Results on them
    say nothing about real faces.

    Args:
        data_root: Folder of the faces, rendered if it does not exist. Faces rendered with other
            counts or another seed are an error.
        train_per_class: Training faces per class. Defaults to 500.
        test_per_class: Test faces per class. Defaults to 50.
        draw_seed: Seed of the faces. Defaults to 0.
        **kwargs: See :class:`RAFDB`.
    """

    def __init__(
        self,
        data_root: str,
        train_per_class: int = 500,
        test_per_class: int = 50,
        draw_seed: int = 0,
        **kwargs,
    ) -> None:
        self.rendering = dict(
            train_per_class=train_per_class, test_per_class=test_per_class, seed=draw_seed
        )
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Render missing faces first, and refuse faces rendered with other options."""
        if not Path(self.data_root).exists():
            print_log(f'{self.data_root} does not exist: rendering faces there', logger='current')
        render_dataset(self.data_root, **self.rendering)
        return super().load_data_list()
