"""Fine-tune: train on a folder of faces, starting from trained weights."""

import os
from pathlib import Path

from mmengine.config import Config, ConfigDict
from torch import nn

from ..datasets.builder import build_dataset, class_names
from ..datasets.utils.face_tree import read_tree
from ..datasets.utils.image_folder import check_images
from ..engine.hooks import ClassTransferHook
from ..errors import ConvcutError
from ..models.utils import classifier_layer
from ..utils.checkpoint import load_from_local
from ..utils.checkpoint_fit import check_fits
from ..zoo import weights

# transforms that set the size of an image in a training pipeline
RESIZING = ('Resize', 'ResizeEdge', 'RandomResizedCrop', 'EfficientNetRandomCrop')
LOADERS = {'train_dataloader': 'train', 'val_dataloader': 'val', 'test_dataloader': 'test'}
SCRATCH = 'none'


def use_data_folder(cfg: Config, folder: str) -> None:
    """Replace the data sets of a config by a folder of faces, and keep its pipelines.

    A training pipeline without a transform that sets the size gets the ``Resize`` of the test
    pipeline. The batch size is at most the number of training images.

    Args:
        cfg (Config): The config, changed in place: data sets, number of classes.
        folder (str): See :class:`FaceFolder`.

    Raises:
        ConvcutError: The folder is not laid out like this, an image is damaged, or the config has
            no pipeline or no number of classes.
    """
    folder = os.path.expanduser(folder)
    tree = read_tree(folder)
    # once per machine, not in each of torchrun's processes
    if os.environ.get('LOCAL_RANK', '0') == '0':
        check_images(tree.paths)
    head = cfg.model.get('head') or {}
    if 'num_classes' not in head:
        raise ConvcutError(f'{cfg.filename}: --data-folder needs model.head.num_classes in it')
    loss = head.get('loss') or {}
    resize = _resize(cfg)
    for name, split in LOADERS.items():
        if cfg.get(name) is None:
            continue
        cfg[name].dataset = ConfigDict(
            type='FaceFolder',
            data_root=folder,
            split=split,
            classes=list(tree.classes),  # the config in the work folder names them without data
            soft_labels=bool(loss.get('use_soft', False)),
            test_mode=split != 'train',
            pipeline=_resized(_pipeline(cfg, name), resize),
        )
    if cfg.get('train_dataloader') is not None:
        # with drop_last and a batch larger than the data there would be no batch
        images = len(build_dataset(cfg.train_dataloader.dataset))
        cfg.train_dataloader.batch_size = min(cfg.train_dataloader.batch_size, images)
    preprocessors = cfg.model.get('data_preprocessor'), cfg.get('data_preprocessor')
    for part in (head, loss, *preprocessors):
        if part is not None and 'num_classes' in part:
            part['num_classes'] = len(tree.classes)


def _resize(cfg: Config) -> dict | None:
    """Return the ``Resize`` of the test pipeline, or None."""
    if cfg.get('test_dataloader') is None:
        return None
    steps = _pipeline(cfg, 'test_dataloader')
    return next((step for step in steps if _name(step) == 'Resize'), None)


def _resized(pipeline: list[dict], resize: dict | None) -> list[dict]:
    """Insert ``Resize`` after loading, unless a transform sets the size."""
    if resize is None or any(_name(step) in RESIZING for step in pipeline):
        return pipeline
    loads = [_name(step).startswith('LoadImage') for step in pipeline]
    place = loads.index(True) + 1 if True in loads else 0
    return [*pipeline[:place], resize, *pipeline[place:]]


def _pipeline(cfg: Config, name: str) -> list[dict]:
    dataset = cfg[name].dataset
    while 'pipeline' not in dataset and 'dataset' in dataset:  # a wrapper such as RepeatDataset
        dataset = dataset.dataset
    if 'pipeline' not in dataset:
        raise ConvcutError(f'{cfg.filename}: --data-folder needs {name}.dataset.pipeline in it')
    return dataset.pipeline


def _name(step: dict) -> str:
    """Return the name of a transform's type, which may be the class itself."""
    return getattr(step['type'], '__name__', step['type'])


def shipped_weights(cfg: Config) -> str | None:
    """Return the zoo's weights for a config: those of its key ``pretrained``, or of its name."""
    return weights(cfg.get('pretrained') or Path(cfg.filename).stem)


def use_pretrained(
    cfg: Config, checkpoint: str, pretrained_classes: tuple[str, ...] | None
) -> ClassTransferHook:
    """Make a config start from trained weights, which may have other classes.

    Args:
        cfg (Config): The config, changed in place.
        checkpoint (str): Path or URL of the weights.
        pretrained_classes (tuple[str], optional): Class names of the weights, for a file without
            them.

    Returns:
        ClassTransferHook: A hook to register with the runner.

    Raises:
        ConvcutError: The config has no data set that names the classes.
    """
    if cfg.get('test_dataloader') is None:
        raise ConvcutError(
            f'{cfg.filename}: --pretrained needs a test_dataloader, whose data set names the '
            'classes'
        )
    cfg.load_from = checkpoint
    init = cfg.model.get('backbone', {}).get('init_cfg')
    if isinstance(init, dict) and init.get('type') == 'Pretrained':
        cfg.model.backbone.init_cfg = None  # do not load weights that are replaced at once
    return ClassTransferHook(class_names(cfg), pretrained_classes)


def check_pretrained(checkpoint: str, model: nn.Module) -> None:
    """Check that weights fit a model but for the classifier, before anything is written.

    Args:
        checkpoint (str): Path of the weights; a URL is not checked.
        model (nn.Module): The model.

    Raises:
        ConvcutError: The file is missing, or the weights are of another architecture.
    """
    if '://' in checkpoint:
        return
    ignore = (f'{classifier_layer(model)}.',)
    check_fits(load_from_local(checkpoint, 'cpu'), model, checkpoint, ignore=ignore)
