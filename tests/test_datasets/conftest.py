"""The real FERPlus images, where there are any."""

import pytest


@pytest.fixture(scope='session')
def real(real_ferplus) -> str:
    """Folder of FER2013Train and FER2013Valid."""
    return str(real_ferplus('FER2013Train', 'FER2013Valid'))
