"""t-SNE: separate classes stay apart, measures equal ones by hand, panels show every class."""

from collections import Counter

import numpy as np
import pytest

from convcut_mm.errors import ConvcutError
from convcut_mm.visualization.features import extract_features
from convcut_mm.visualization.tsne import TSNEmbedding, embed, neighbour_labels, plot_tsne

LABELS = np.repeat([0, 1, 2], 15)


def blobs(distance: float) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(size=(45, 6)) + distance * np.eye(6)[LABELS]


def test_classes_that_lie_apart_stay_apart():
    apart, mixed = (embed('m', blobs(d), LABELS, iterations=300) for d in (30, 0))
    assert (apart.pred_labels == LABELS).all() and apart.silhouette > 0.8
    assert (neighbour_labels(apart.points, LABELS, 10) == LABELS).all()
    assert np.mean(mixed.pred_labels == LABELS) < 0.6 and mixed.silhouette < 0.1


def test_the_seed_gives_the_same_points_again():
    one, again = (embed('m', blobs(3), LABELS, seed=4, iterations=250) for _ in range(2))
    assert (one.points == again.points).all() and one.points.shape == (45, 2)


def test_neighbours_are_those_of_a_search_by_hand():
    features = blobs(2)
    for index, pred_label in enumerate(neighbour_labels(features, LABELS, 5)):
        distances = np.linalg.norm(features - features[index], axis=1)
        distances[index] = np.inf  # not itself
        votes = Counter(LABELS[np.argsort(distances)[:5]].tolist())
        most = max(votes.values())
        assert pred_label == min(label for label, number in votes.items() if number == most)


@pytest.mark.parametrize(
    'features,labels,message',
    [
        (np.ones((45, 6)), LABELS, 'the same for every image'),
        (np.full((45, 6), np.nan), LABELS, 'not finite'),
        (blobs(1)[:3], LABELS[:3], '3 images of 1 classes'),
    ],
)
def test_features_that_cannot_be_laid_out(features, labels, message):
    with pytest.raises(ConvcutError, match=message):
        embed('m', features, labels)


def test_every_panel_shows_every_class(legible):
    classes = ('surprise', 'fear', 'disgust')
    random = np.random.default_rng(0)
    embeddings = [
        TSNEmbedding(name, random.normal(size=(45, 2)), 10, LABELS * (LABELS < last), 0.25)
        for name, last in (('baseline', 1), ('truncated', 2), ('Conv-cut', 3))
    ]
    figure = plot_tsne(embeddings, LABELS, classes)
    assert len(figure.axes) == 3
    for panel, item, accuracy in zip(figure.axes, embeddings, (33.3, 66.7, 100)):
        assert panel.get_title() == (
            f'{item.name}\n10-neighbour accuracy {accuracy:.1f} %, silhouette 0.25'
        )
        for label, points in enumerate(panel.collections):
            assert (points.get_offsets() == item.points[LABELS == label]).all()
        assert len(panel.collections) == 3
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(classes)
    legible(figure)


def test_four_models_and_eleven_classes_fit(legible):
    labels = np.arange(44) % 11
    names = [f'fearfully number {i}' for i in range(11)]
    embeddings = [
        TSNEmbedding(f'model {i}', np.random.default_rng(i).normal(size=(44, 2)), 10, labels, 0.0)
        for i in range(4)
    ]
    figure = plot_tsne(embeddings, labels, names)
    assert len(figure.axes) == 4 and len(figure.legends[0].get_texts()) == 11
    legible(figure)


# ---- features of a model -----------------------------------------------------------------------


def test_stages(classifier):
    import torch

    model = classifier()
    paths = [image.path for image in model.test_images[:5]]
    with torch.no_grad():
        batch = model.batch(paths)
        (maps,) = model.model.backbone(batch)
        neck = model.model.neck((maps,))
        logits = model.model.head.fc(model.model.head.pre_logits(neck))
    assert extract_features(model, paths, 'backbone') == pytest.approx(
        maps.mean(dim=(2, 3)).numpy(), abs=1e-5
    )
    head = model.model.head
    classified = torch.as_tensor(extract_features(model, paths)) @ head.fc.weight.T + head.fc.bias
    assert classified.detach().numpy() == pytest.approx(logits.numpy(), abs=1e-4)


def test_batch_attention_does_not_mix_images(classifier):
    model = classifier('batch')
    paths = [image.path for image in model.test_images[:6]]
    together = extract_features(model, paths)
    alone = np.concatenate([extract_features(model, [path]) for path in paths])
    assert together == pytest.approx(alone, abs=1e-6)
