"""The audit of one checkpoint of a training, and the file that keeps it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...utils.atomic import write_atomically
from .audit_result import Audit, AuditRun
from .regimes import Regime


@dataclass(frozen=True)
class AuditedCheckpoint:
    """An audit, and where in a training the weights come from.

    Attributes:
        file (str): The checkpoint.
        seed (int | None): Seed of the training, from the checkpoint's meta; None if it has none.
        epoch (int | None): Finished epochs, from the checkpoint's meta; None if it has none.
        readings (dict[str, float]): Learnt numbers, see ``models/utils/readings.py``.
        batch_dependent (bool): Whether a module declares that it looks at its batch.
        audit (Audit): The audit.
    """

    file: str
    seed: int | None
    epoch: int | None
    readings: dict[str, float]
    batch_dependent: bool
    audit: Audit

    def save(self, path: Path, identity: dict[str, Any]) -> None:
        """Write the audit atomically.

        Args:
            path (Path): File to write, JSON.
            identity (dict): All that the audit depends on, as plain data.
        """
        runs = [
            dict(
                order=run.regime.order,
                batch_size=run.regime.batch_size,
                seed=run.regime.seed,
                moved=run.moved,
                pred_labels=run.pred_labels.tolist(),
            )
            for run in self.audit.runs
        ]
        content = dict(
            identity=identity,
            seed=self.seed,
            epoch=self.epoch,
            readings=self.readings,
            batch_dependent=self.batch_dependent,
            num_classes=self.audit.num_classes,
            runs=runs,
        )
        write_atomically(path, json.dumps(content).encode())

    @classmethod
    def load(
        cls, path: Path, identity: dict[str, Any], file: str, labels: np.ndarray
    ) -> 'AuditedCheckpoint | None':
        """Read what :meth:`save` wrote.

        Args:
            path (Path): The file.
            identity (dict): As to :meth:`save`.
            file (str): The checkpoint.
            labels (ndarray): Class of each image, (N,).

        Returns:
            AuditedCheckpoint | None: None if there is no such file, it is damaged, or it is of
            another identity: the audit has to be made.
        """
        try:
            content = json.loads(path.read_text(encoding='utf-8'))
            if content['identity'] != identity:
                return None
            runs = [_run(one, file, len(labels)) for one in content['runs']]
            alone = runs[0].pred_labels  # labels change where changed_labels found a change
            runs = [
                AuditRun(file, run.regime, run.pred_labels, run.pred_labels != alone, run.moved)
                for run in runs
            ]
            audit = Audit(runs, labels, int(content['num_classes']), identity['tolerance'])
            readings = {str(name): float(one) for name, one in content['readings'].items()}
            place = (content['seed'], content['epoch'])
            return cls(file, *place, readings, bool(content['batch_dependent']), audit)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None


def _run(content: dict[str, Any], file: str, images: int) -> AuditRun:
    regime = Regime(content['order'], content['batch_size'], content['seed'])
    pred_labels = np.array(content['pred_labels'], dtype=np.int64)
    if pred_labels.shape != (images,):
        raise ValueError(f'{len(pred_labels)} labels of {images} images')
    return AuditRun(file, regime, pred_labels, np.zeros(images, bool), float(content['moved']))
