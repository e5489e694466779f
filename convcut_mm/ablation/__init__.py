"""Sets of configs, each run with several seeds, in one table (docs/ablations.md, tools/ablate.py).

``ablation_set.py`` reads a set, ``run.py`` trains and tests one config with one seed and goes on
where it stopped, ``protocol.py`` says from the configs what was trained and tested on what,
``table.py`` makes the table from the predictions.
"""

from .ablation_set import AblationSet, Row, read_set
from .protocol import describe, protocol
from .run import Run
from .table import markdown, table

__all__ = [
    'AblationSet',
    'Row',
    'Run',
    'describe',
    'markdown',
    'protocol',
    'read_set',
    'table',
]
