"""Counts of copies and of labels that differ, against planted ones."""

import numpy as np
from PIL import Image

from convcut_mm.datasets.utils.duplicates_cache import cached_duplicates
from convcut_mm.evaluation.data_quality import images_of_folders, report_copies


def plant(root, split: str, label: str, name: str, seed: int, mirrored: bool = False) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16), np.uint8)
    folder = root / split / label
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[:, ::-1] if mirrored else pixels).save(folder / name)


def test_counts_by_split_class_and_label(tmp_path):
    for number in range(4):
        plant(tmp_path, 'train', 'joy', f'a{number}.png', number)
        plant(tmp_path, 'train', 'fear', f'b{number}.png', 10 + number)
    plant(tmp_path, 'train', 'fear', 'again.png', 0)  # other label
    plant(tmp_path, 'train', 'joy', 'again.png', 1)
    plant(tmp_path, 'test', 'joy', 'same.png', 0)  # a0 and fear/again: the first one is fear's
    plant(tmp_path, 'test', 'joy', 'same2.png', 3)
    plant(tmp_path, 'test', 'fear', 'mirrored.png', 10, mirrored=True)
    plant(tmp_path, 'test', 'fear', 'new.png', 99)
    (tmp_path / 'test' / 'fear' / 'broken.png').write_text('no image')
    images = images_of_folders([str(tmp_path)])
    assert (images.splits, images.classes) == (('train', 'test'), ('fear', 'joy'))
    report = report_copies(images, cached_duplicates(images.paths))
    test, train = report.standing['test'], report.standing['train']
    assert [int(test[kind].sum()) for kind in test] == [2, 3]
    assert [int(train[kind].sum()) for kind in train] == [4, 4]
    assert images.labels[test['identical']].tolist() == [1, 1]
    within, across, near = report.agreements
    assert (within.pairs, within.different) == (2, 1)
    assert (across.pairs, across.different, across.per_cent) == (2, 1, 50)
    assert across.interval[0] < 50 < across.interval[1]
    assert (near.pairs, near.different) == (1, 0)
    assert [pair.kind for pair in report.pairs] == ['identical'] * 4 + ['mirrored']
    assert [path[-10:] for path in report.unreadable] == ['broken.png']
