"""The real FERPlus images, where there are any."""

import os
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def real(tmp_path_factory) -> str:
    """Folder of FER2013Train and FER2013Valid."""
    data = os.environ.get('CONVCUT_DATA')
    if not data:
        pytest.skip('CONVCUT_DATA is not set')
    root = tmp_path_factory.mktemp('ferplus')
    for name in ('FER2013Train', 'FER2013Valid'):
        with zipfile.ZipFile(Path(data) / f'{name}.zip') as archive:
            archive.extractall(root)
    return str(root)
