"""tools/train.py on a folder of one's own faces, starting from trained weights."""

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

# without one of these in the training pipeline an image comes in its own size
RESIZING = ('Resize', 'ResizeEdge', 'RandomResizedCrop', 'EfficientNetRandomCrop')
LOADERS = {'train_dataloader': 'train', 'val_dataloader': 'val', 'test_dataloader': 'test'}
SCRATCH = 'none'


def use_data_folder(cfg: Config, folder: str) -> None:
    """Replace the config's data sets by a folder of faces; its pipelines stay.

    A training pipeline that takes images in the size of the config's own data gets the test
    pipeline's ``Resize`` first. A batch is no larger than the training part.

    Args:
        cfg (Config): The config, changed in place: data sets, number of classes.
        folder (str): See :class:`FaceFolder`.

    Raises:
        ConvcutError: No such tree, broken images, or a config without loaders or head.
    """
    folder = os.path.expanduser(folder)
    tree = read_tree(folder)
    # each of torchrun's processes comes here, one is enough
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
            classes=list(tree.classes),  # so that the written config names them without the data
            soft_labels=bool(loss.get('use_soft', False)),
            test_mode=split != 'train',
            pipeline=_resized(_pipeline(cfg, name), resize),
        )
    if cfg.get('train_dataloader') is not None:
        # with drop_last a batch that is larger than the data would leave no batch at all
        images = len(build_dataset(cfg.train_dataloader.dataset))
        cfg.train_dataloader.batch_size = min(cfg.train_dataloader.batch_size, images)
    for part in (head, loss, cfg.model.get('data_preprocessor'), cfg.get('data_preprocessor')):
        if part is not None and 'num_classes' in part:
            part.num_classes = len(tree.classes)


def _resize(cfg: Config) -> dict | None:
    """The test pipeline's ``Resize``, or None."""
    if cfg.get('test_dataloader') is None:
        return None
    steps = _pipeline(cfg, 'test_dataloader')
    return next((step for step in steps if _name(step) == 'Resize'), None)


def _resized(pipeline: list, resize: dict | None) -> list:
    if resize is None or any(_name(step) in RESIZING for step in pipeline):
        return pipeline
    loads = [_name(step).startswith('LoadImage') for step in pipeline]
    place = loads.index(True) + 1 if True in loads else 0
    return [*pipeline[:place], resize, *pipeline[place:]]


def _pipeline(cfg: Config, name: str) -> list:
    dataset = cfg[name].dataset
    while 'pipeline' not in dataset and 'dataset' in dataset:  # in a wrapper such as RepeatDataset
        dataset = dataset.dataset
    if 'pipeline' not in dataset:
        raise ConvcutError(f'{cfg.filename}: --data-folder needs {name}.dataset.pipeline in it')
    return dataset.pipeline


def _name(step: dict) -> str:
    """Name of a transform's type, which may be the class itself."""
    return getattr(step['type'], '__name__', step['type'])


def shipped_weights(cfg: Config) -> str | None:
    """Trained weights of the zoo for this config: those of ``pretrained``, or of its own name."""
    return weights(cfg.get('pretrained') or Path(cfg.filename).stem)


def use_pretrained(
    cfg: Config, checkpoint: str, pretrained_classes: tuple | None
) -> ClassTransferHook:
    """Start from trained weights, whose classifier may have other classes.

    Args:
        cfg (Config): The config, changed in place.
        checkpoint (str): Path or URL of the weights.
        pretrained_classes (tuple[str], optional): Names of their classes, for a file without.

    Returns:
        ClassTransferHook: To be registered with the runner.

    Raises:
        ConvcutError: A config whose data set names no classes.
    """
    if cfg.get('test_dataloader') is None:
        raise ConvcutError(
            f'{cfg.filename}: --pretrained needs a test_dataloader, whose data set names the '
            'classes'
        )
    cfg.load_from = checkpoint
    init = cfg.model.get('backbone', {}).get('init_cfg')
    if isinstance(init, dict) and init.get('type') == 'Pretrained':
        cfg.model.backbone.init_cfg = None  # would be downloaded, and replaced at once
    return ClassTransferHook(class_names(cfg), pretrained_classes)


def check_pretrained(checkpoint: str, model: nn.Module) -> None:
    """Refuse weights of another architecture before anything is written; a URL is not looked at.

    Args:
        checkpoint (str): Path or URL of the weights.
        model (nn.Module): The model that they are for.

    Raises:
        ConvcutError: No such file, or weights that differ in more than the classifier.
    """
    if '://' in checkpoint:
        return
    ignore = (f'{classifier_layer(model)}.',)
    check_fits(load_from_local(checkpoint, 'cpu'), model, checkpoint, ignore=ignore)
