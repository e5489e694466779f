"""Train and test a set of configs with several seeds, and compare them in one table.

``ablation_set.py`` reads a set, ``run.py`` trains and tests one config with one seed and resumes,
``processes.py`` does so for several runs at a time, ``protocol.py`` describes data and recipe,
``table.py`` computes the table and ``text.py`` writes it. See docs/ablations.md.
"""

from .ablation_set import AblationSet, TableRow, read_set
from .beside import read_beside
from .processes import finished_runs
from .protocol import describe, protocol
from .run import AblationRun
from .table import table
from .text import markdown

__all__ = [
    'AblationRun',
    'AblationSet',
    'TableRow',
    'describe',
    'finished_runs',
    'markdown',
    'protocol',
    'read_beside',
    'read_set',
    'table',
]
