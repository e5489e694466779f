"""Audit many checkpoints of one config, computing once what they share."""

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ..apis.classifier import Classifier
from ..apis.load_classifier import load_classifier, read_checkpoint, read_model_config
from ..datasets.builder import build_dataset
from ..errors import ConvcutError
from ..evaluation.batch_audit import (
    AuditedCheckpoint,
    BatchTester,
    FrozenMaps,
    Regime,
    audit,
    probe_batches,
    reading_order,
)
from ..feature_store import StoreOptions
from ..models.utils import is_batch_dependent, readings
from ..utils.checkpoint_fit import load_whole
from ..utils.hashing import file_sha256, settings_sha256
from ..utils.progress import progress

_FORMAT = 1  # of what an audit computes; a change makes kept audits old


class CheckpointAuditor:
    """Audits checkpoints of one architecture on one test set.

    The model is built once. The map of a frozen backbone is computed once for all checkpoints with
    equal backbones, or comes from the config's feature store; what follows it up to the head once
    for each checkpoint, and the head for each batch.

    Args:
        config (str | Path | Config): The config; its ``test_dataloader`` names the images.
        tests (Sequence[Regime]): As from :func:`~convcut_mm.evaluation.batch_audit.regimes`.
        tolerance (float): Largest difference of a probability that counts as numerical noise.
            Defaults to 1e-4.
        cfg_options (dict, optional): Settings that override the config's.
        several (bool): More than one checkpoint will come, so keep maps in memory. Defaults to
            True.

    Attributes:
        config (Config): The config with the options.
        dataset (BaseDataset): The test set.
        labels (ndarray): Class of each image, (N,).
        classes (tuple[str, ...]): Names of the model's classes, known after the first audit.
        reading_order (list[str]): Classes in the order in which class-ordered batches read them.
        computed (str): What ran in each test of the last audit: 'head on stored features' or
            'whole model'.

    Raises:
        ConvcutError: No such config, or the images have no classes.
    """

    def __init__(
        self,
        config: str | Path | Config,
        tests: Sequence[Regime],
        tolerance: float = 1e-4,
        cfg_options: dict[str, Any] | None = None,
        several: bool = True,
    ) -> None:
        self.config = read_model_config(config, cfg_options)
        self.tests, self.tolerance = list(tests), tolerance
        self.loader = self.config.test_dataloader
        self.dataset = build_dataset(self.loader.dataset, pipeline=self.loader.dataset.pipeline)
        self.labels = BatchTester(torch.nn.Identity(), self.dataset, self.loader).labels()
        self.classes: tuple[str, ...] = ()
        self._names = self.dataset.metainfo.get('classes')
        self.reading_order = sorted(map(str, self._names or ()), key=str.casefold)
        self.computed = ''
        store = _store_options(self.config)
        self._keep = several or store is not None
        self._maps = FrozenMaps(self.dataset, self.loader, store)
        self._classifier: Classifier | None = None

    def identity(self, checkpoint: str | Path) -> dict[str, Any]:
        """Return all that the audit of a checkpoint depends on, as plain data."""
        return dict(
            format=_FORMAT,
            checkpoint=file_sha256(checkpoint),
            config=self._settings,
            tests=[[one.order, one.batch_size, one.seed] for one in self.tests],
            tolerance=self.tolerance,
        )

    @cached_property
    def _settings(self) -> str:
        names = [self.dataset.get_data_info(i).get('img_path') for i in range(len(self.dataset))]
        used = [self.config.get(key) for key in ('model', 'data_preprocessor', 'feature_store')]
        used += [self.loader.dataset.pipeline, names, self.labels.tolist(), self._names]
        return settings_sha256(used)

    def audit(self, checkpoint: str | Path) -> AuditedCheckpoint:
        """Test a checkpoint in the batches of all tests, with progress bars.

        Raises:
            ConvcutError: No such checkpoint, one of another architecture, or probabilities that
                are not finite.
        """
        # TensorFloat-32 rounds by more than the tolerance
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        model, meta = self._load(str(checkpoint))
        if self._keep:
            with self._maps.tester(model) as tester:
                found = self._test(tester, str(checkpoint))
        else:
            found = self._test(BatchTester(model, self.dataset, self.loader), str(checkpoint))
        seed, epoch = (
            value if type(value := meta.get(key)) is int else None for key in ('seed', 'epoch')
        )
        dependent = is_batch_dependent(model)
        return AuditedCheckpoint(str(checkpoint), seed, epoch, readings(model), dependent, found)

    def _test(self, tester: BatchTester, checkpoint: str) -> Any:
        with progress('Computing features', len(tester)) as step:
            tester.store_features(self.loader.get('batch_size', 32), step)
        probes = probe_batches(self.tests, reading_order(self.labels, self._names))
        if not tester.features_hold(probes, self.tolerance):
            print(
                'the input of the head depends on the batch or cannot be stored: the whole model '
                f'runs in each of the {len(self.tests)} tests',
                file=sys.stderr,
            )
        self.computed = 'whole model' if tester.features is None else 'head on stored features'
        with progress('Testing', len(self.tests) * len(tester)) as step:
            return audit(
                lambda batches: tester.probabilities(batches, step),
                self.labels,
                self.tests,
                self.tolerance,
                checkpoint,
                self._names,
            )

    def _load(self, checkpoint: str) -> tuple[Any, dict]:
        if self._classifier is None:
            self._classifier = load_classifier(self.config, checkpoint)
            self.classes = self._classifier.classes
        content = read_checkpoint(checkpoint)
        owner = str(self.config.filename or 'the config')
        return self._classifier.model, load_whole(
            self._classifier.model, content, checkpoint, owner
        )


def _store_options(config: Config) -> StoreOptions | None:
    options = config.get('feature_store')
    if options in (None, False):
        return None
    try:
        return StoreOptions(**options)
    except TypeError:
        raise ConvcutError(
            f'feature_store={options!r}: expected dict(dir=..., dtype=...) or None for no store'
        ) from None
