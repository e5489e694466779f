"""A place where the pages' commands run as they stand there: small models, small data."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# configs of the pages: their names, pipelines and data, but a network and images of seconds
CONFIG = """
_base_ = ['{root}/configs/{name}.py']
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        {init}stem_patch_size=3),
    neck=dict(in_channels=24, out_channels=16, num_layers=1, kernel_sizes=(2,)),
    head=dict(in_channels=16))
load = dict(type='LoadImageFromFile', imdecode_backend='pillow')
resize = dict(type='Resize', scale=(48, 48))
flip = dict(type='RandomFlip', prob=0.5, direction='horizontal')
pack = dict(type='PackInputs')
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(**loader, dataset=dict(pipeline=[load, resize, flip, pack]))
val_dataloader = dict(**loader, dataset=dict(pipeline=[load, resize, pack]))
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=[load, resize, pack]))
train_cfg = dict(max_epochs=1)
"""
# Lite0 itself, whose weights a page converts, on small images
LITE0 = CONFIG[: CONFIG.index('model =')] + CONFIG[CONFIG.index('load =') :].replace(
    '48, 48', '64, 64'
)
SMALL = (
    'convcut_rafdb',
    'convcut_ferplus',
    'convcut/convcut-atto_ferplus',
    'convcut/convcut-lite0_ferplus',
)
USAGES = dict(Training=24, PublicTest=16, PrivateTest=8)


@pytest.fixture(scope='module')
def place(tmp_path_factory, root, tiny_model, run_here) -> tuple:
    """(folder, {placeholder of the pages: what it stands for})."""
    from convcut_mm.datasets.synthetic_faces import render_dataset

    folder = tmp_path_factory.mktemp('docs')
    (folder / 'tools').symlink_to(root / 'tools')
    (folder / 'configs' / 'convcut').mkdir(parents=True)
    for name in SMALL:
        init = '' if 'atto' in name else 'init_cfg=None, '
        text = LITE0 if 'lite0' in name else CONFIG
        text = text.format(root=root, name=name, init=init)
        (folder / 'configs' / f'{name}.py').write_text(text)
    render_dataset(folder / 'data' / 'rafdb', train_per_class=12, test_per_class=4, seed=0)
    _write_csv(folder / 'csv')
    converter = 'tools/dataset_converters/ferplus.py'
    assert run_here(converter, folder / 'csv', folder / 'data' / 'ferplus') == 0
    astronaut = pytest.importorskip('skimage.data').astronaut()
    Image.fromarray(astronaut).save(folder / 'photo.jpg')
    config, checkpoint = tiny_model()
    faces = sorted((config.parent / 'faces').rglob('test_*.jpg'))
    answers = ['file,label', *(f'{face.name},happiness' for face in faces)]
    (folder / 'predictions.csv').write_text('\n'.join(answers))
    return folder, {
        'CONFIG': str(config),
        'CHECKPOINT': str(checkpoint),
        'FOLDER': str(folder / 'csv'),
        'SRC.h5': str(root / 'tests/data/released_atto.h5'),
        'DST.pth': 'converted.pth',
    }


def _write_csv(folder: Path) -> None:
    """FER2013's and FERPlus's tables, of noise whose brightness tells one of two classes."""
    from convcut_mm.datasets.utils.ferplus_files import VOTES_HEADER

    folder.mkdir()
    draw = np.random.default_rng(0)
    faces, votes = [['emotion', 'pixels', 'Usage']], [list(VOTES_HEADER)]
    for usage, count in USAGES.items():
        for number in range(count):
            happy = number % 2
            pixels = draw.integers(0, 100, 48 * 48) + 100 * happy
            faces.append([0, ' '.join(map(str, pixels)), usage])
            row = [0] * len(VOTES_HEADER[2:])
            row[happy] = 10
            votes.append([usage, f'fer{len(votes) - 1:07d}.png', *row])
    for name, rows in (('fer2013.csv', faces), ('fer2013new.csv', votes)):
        with open(folder / name, 'w', newline='') as file:
            csv.writer(file).writerows(rows)
