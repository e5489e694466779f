"""Find out whether predictions depend on the batch, and test models whose predictions do."""

from .audit import audit, changed_labels, reading_order
from .audit_result import Audit, AuditRow, AuditRun
from .audited_checkpoint import AuditedCheckpoint
from .batch_tester import BatchTester
from .batching import set_test_batches
from .frozen_maps import FrozenMaps
from .over_epochs import training_record
from .regimes import ALONE, CLASS_ORDERED, SHUFFLED, Regime, probe_batches, regimes
from .report import audit_record, audit_table

__all__ = [
    'ALONE',
    'CLASS_ORDERED',
    'SHUFFLED',
    'Audit',
    'AuditRow',
    'AuditRun',
    'AuditedCheckpoint',
    'BatchTester',
    'FrozenMaps',
    'Regime',
    'audit',
    'audit_record',
    'audit_table',
    'changed_labels',
    'probe_batches',
    'reading_order',
    'regimes',
    'set_test_batches',
    'training_record',
]
