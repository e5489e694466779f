"""Whether predictions depend on the batch, and how to test such a model."""

from .audit import Audit, AuditRow, AuditRun, audit, changed_labels
from .batch_scorer import BatchScorer
from .batching import BATCH_REGIMES, set_test_batches
from .regimes import ALONE, CLASS_ORDERED, SHUFFLED, Regime, probe_batches, regimes
from .report import audit_record, audit_table

__all__ = [
    'ALONE',
    'BATCH_REGIMES',
    'CLASS_ORDERED',
    'SHUFFLED',
    'Audit',
    'AuditRow',
    'AuditRun',
    'BatchScorer',
    'Regime',
    'audit',
    'audit_record',
    'audit_table',
    'changed_labels',
    'probe_batches',
    'regimes',
    'set_test_batches',
]
