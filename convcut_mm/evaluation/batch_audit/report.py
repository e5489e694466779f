"""A batch audit as a table and as JSON data."""

from typing import Any

from rich.table import Table

from ..functional.report import estimate_text
from .audit_result import Audit


def audit_table(audit: Audit) -> Table:
    """Return a table with means and 95 % intervals for each order and batch size."""
    table = Table(box=None, pad_edge=False)
    table.add_column('order')
    titles = ('batch size', 'accuracy (%)', 'mean class accuracy (%)', 'predictions changed (%)')
    for title in titles:
        table.add_column(title, justify='right')
    for row in audit.rows:
        estimates = (row.accuracy, row.mean_class_accuracy, row.changed)
        table.add_row(row.order, str(row.batch_size), *map(estimate_text, estimates))
    return table


def audit_record(audit: Audit) -> dict[str, Any]:
    """Return verdict, rows and runs as data for JSON, accuracies and fractions in per cent."""
    return dict(
        depends_on_batch=audit.depends_on_batch,
        verdict=audit.verdict(),
        images=len(audit.labels),
        tolerance=audit.tolerance,
        largest_score_difference=audit.moved,
        rows=[
            dict(
                order=row.order,
                batch_size=row.batch_size,
                accuracy=row.accuracy.as_dict(),
                mean_class_accuracy=row.mean_class_accuracy.as_dict(),
                answers_changed=row.changed.as_dict(),
            )
            for row in audit.rows
        ],
        runs=[
            dict(
                checkpoint=run.weights,
                order=run.regime.order,
                batch_size=run.regime.batch_size,
                seed=run.regime.seed,
                accuracy=audit.accuracy(run),
                mean_class_accuracy=audit.mean_class_accuracy(run),
                answers_changed=audit.changed(run),
                largest_score_difference=run.moved,
            )
            for run in audit.runs
        ],
    )
