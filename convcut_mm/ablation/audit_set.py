"""Audit the kept checkpoints of all runs of a set, each once."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConvcutError
from ..evaluation.batch_audit import AuditedCheckpoint, Regime, training_record
from .ablation_set import AblationSet, TableRow
from .checkpoint_auditor import CheckpointAuditor

FOLDER = 'audit'  # in the folder of a run


def kept_checkpoints(row: TableRow, work_dir: Path) -> list[Path]:
    """Return the checkpoints of all runs of a row, one for each kept epoch of each seed."""
    found = sorted((work_dir / row.config.stem).glob('seed_*/*.pth'))
    return [path for path in found if not path.name.startswith('best_')]  # copies of an epoch's


def audit_row(
    row: TableRow,
    checkpoints: Sequence[Path],
    tests: Sequence[Regime],
    cfg_options: dict[str, Any] | None = None,
    tolerance: float = 1e-4,
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Audit the checkpoints of a row, and keep each audit beside its run.

    Audits that are kept are not made again, unless checkpoint, config, images or tests have
    changed.

    Args:
        row (TableRow): The row.
        checkpoints (Sequence[Path]): Of :func:`kept_checkpoints`, at least one.
        tests (Sequence[Regime]): As from :func:`~convcut_mm.evaluation.batch_audit.regimes`.
        cfg_options (dict, optional): Settings that override the config's.
        tolerance (float): See :class:`CheckpointAuditor`.
        step (callable): Called after each checkpoint.

    Returns:
        dict: See :func:`~convcut_mm.evaluation.batch_audit.training_record`; also ``config``,
        ``class_order`` and ``paper``.

    Raises:
        ConvcutError: See :class:`CheckpointAuditor` and ``Trainings``.
    """
    auditor = CheckpointAuditor(row.config, tests, tolerance, cfg_options)
    audited = []
    for checkpoint in checkpoints:
        audited.append(_audited(auditor, checkpoint))
        step()
    return dict(
        training_record(audited, row.title),
        config=row.config.name,
        dataset=type(auditor.dataset).__name__,
        split=auditor.loader.dataset.get('split'),
        class_order=auditor.reading_order,
        paper=row.paper,
    )


def rows_to_audit(rows: AblationSet, work_dir: Path) -> Iterator[tuple[TableRow, list[Path]]]:
    """Yield the rows that have checkpoints, and these.

    Raises:
        ConvcutError: No row has one.
    """
    found = [(row, kept_checkpoints(row, work_dir)) for row in rows.rows]
    if not any(checkpoints for _, checkpoints in found):
        raise ConvcutError(
            f'{work_dir}: no checkpoints of the set {rows.name}; run tools/ablate.py {rows.name}'
        )
    yield from ((row, checkpoints) for row, checkpoints in found if checkpoints)


def _audited(auditor: CheckpointAuditor, checkpoint: Path) -> AuditedCheckpoint:
    kept = checkpoint.parent / FOLDER / f'{checkpoint.stem}.json'
    identity = auditor.identity(checkpoint)
    found = AuditedCheckpoint.load(kept, identity, str(checkpoint), auditor.labels)
    if found is None:
        found = auditor.audit(checkpoint)
        found.save(kept, identity)
    return found
