"""Images sampled by class, or given by a user: counts, order, the seed."""

import numpy as np

from convcut_mm.apis.classifier import LabelledImage
from convcut_mm.visualization.face_grid import headers
from convcut_mm.visualization.sampling import choose_images, sample_per_class

LABELS = np.array([2, 0, 0, 1, 2, 2, 0, 0, 2, 0])


def test_so_many_of_each_class_in_class_order():
    chosen = sample_per_class(LABELS, 3, seed=5)
    assert LABELS[chosen].tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert len(set(chosen.tolist())) == 7


def test_the_seed_decides_and_more_images_only_add():
    few, more = sample_per_class(LABELS, 1, seed=5), sample_per_class(LABELS, 2, seed=5)
    assert set(few) < set(more)
    assert few.tolist() == sample_per_class(LABELS, 1, seed=5).tolist()
    assert len({tuple(sample_per_class(LABELS, 2, seed=seed)) for seed in range(8)}) > 3


def test_other_classes_do_not_change_a_class_s_sample():
    only = np.where(LABELS == 1, -1, LABELS)  # class 1 renamed
    chosen, again = sample_per_class(LABELS, 2), sample_per_class(only[only >= 0], 2)
    kept = np.flatnonzero(only >= 0)
    assert kept[again].tolist() == [index for index in chosen if LABELS[index] != 1]


def test_a_face_of_each_class_by_seed(classifier):
    model = classifier()
    chosen = choose_images(model, seed=3)
    assert [image.label for image in chosen] == list(range(7))
    assert chosen == choose_images(model, seed=3) != choose_images(model, seed=4)
    assert set(chosen) < set(model.test_images)


def test_given_files_have_a_class_where_it_is_known(classifier, tmp_path, monkeypatch):
    model = classifier()
    image = model.test_images[9]
    own = tmp_path / 'own.png'
    assert choose_images(model, files=[own, image.path]) == [
        LabelledImage(str(own), None),
        image,
    ]
    assert headers(choose_images(model, files=[own, image.path]), model.classes) == [
        'own.png',
        model.classes[image.label],
    ]
