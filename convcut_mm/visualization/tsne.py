"""Plot t-SNEs of the features of several models side by side: Figure 4 of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from scipy import stats
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from ..errors import ConvcutError
from ..utils.plotting import class_style, new_figure, styled

NEIGHBOURS = 10
PANEL = 4.3  # inches


@dataclass
class TSNEmbedding:
    """Features embedded in two dimensions, and how well they separate the classes.

    Attributes:
        name (str): The model.
        points (ndarray): (N, 2).
        neighbours (int): Number of nearest other images that predict the class of an image.
        pred_labels (ndarray): The most frequent class among the neighbours, (N,).
        silhouette (float): Mean silhouette of the features, -1 to 1; 0 where classes overlap.
    """

    name: str
    points: np.ndarray
    neighbours: int
    pred_labels: np.ndarray
    silhouette: float


def embed(
    name: str,
    features: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    perplexity: float = 30.0,
    iterations: int = 1000,
) -> TSNEmbedding:
    """Embed features by t-SNE, and measure how well the features themselves separate the classes.

    Distances between groups in a t-SNE mean little, hence the two measures.

    Args:
        name (str): The model.
        features (ndarray): (N, D).
        labels (ndarray): (N,).
        seed (int): Seed of t-SNE, which starts from the principal components. Defaults to 0.
        perplexity (float): Approximate number of neighbours of an image; lowered for few images.
            Defaults to 30.
        iterations (int): Steps of the optimisation. Defaults to 1000.

    Raises:
        ConvcutError: Too few images, only one class, or features that are not finite or all equal.
    """
    number = len(features)
    if number < 4 or len(np.unique(labels)) < 2:
        raise ConvcutError(
            f'{name}: {number} images of {len(np.unique(labels))} classes, t-SNE needs at least '
            'four images and two classes; raise --per-class'
        )
    if not np.isfinite(features).all():
        raise ConvcutError(
            f'{name}: its features are not finite; use a checkpoint from before the training '
            'diverged'
        )
    if np.ptp(features, axis=0).max() == 0:
        raise ConvcutError(
            f'{name}: its features are the same for every image; use another checkpoint or --stage'
        )
    points = TSNE(
        # with more than a third, every image would be a neighbour of all others
        perplexity=min(perplexity, (number - 1) / 3),
        init='pca',
        learning_rate='auto',
        max_iter=iterations,
        random_state=seed,
    ).fit_transform(features)
    neighbours = min(NEIGHBOURS, number - 1)
    pred_labels = neighbour_labels(features, labels, neighbours)
    return TSNEmbedding(name, points, neighbours, pred_labels, _silhouette(features, labels))


def neighbour_labels(features: np.ndarray, labels: np.ndarray, neighbours: int) -> np.ndarray:
    """Predict the class of each image as the most frequent one of its nearest other images.

    Args:
        features (ndarray): (N, D).
        labels (ndarray): (N,).
        neighbours (int): Number of other images, below N.

    Returns:
        ndarray: (N,); the lowest label in a tie.
    """
    search = NearestNeighbors(n_neighbors=neighbours).fit(features)
    return stats.mode(labels[search.kneighbors(return_distance=False)], axis=1).mode


def _silhouette(features: np.ndarray, labels: np.ndarray) -> float:
    if len(np.unique(labels)) == len(labels):  # undefined where every class has one image
        return float('nan')
    return float(silhouette_score(features, labels))


@styled
def plot_tsne(
    embeddings: Sequence[TSNEmbedding], labels: np.ndarray, classes: tuple[str, ...]
) -> Figure:
    """Plot a panel for each model, with the same images in each.

    Args:
        embeddings (Sequence[TSNEmbedding]): One to four models.
        labels (ndarray): Class of each image, (N,).
        classes (tuple[str]): Class names in the order of the labels.

    Returns:
        Figure: A colour and a marker for each class, and one legend below the panels.
    """
    columns = len(embeddings) if len(embeddings) < 4 else 2
    rows = -(-len(embeddings) // columns)
    figure = new_figure(max(PANEL * columns, 6.5), (PANEL + 0.4) * rows + 0.5, of_images=True)
    panels = figure.subplots(rows, columns, squeeze=False)
    size = float(np.clip(12000 / len(labels), 14, 40))
    for panel, embedding in zip(panels.flat, embeddings):
        for label, name in enumerate(classes):
            chosen = embedding.points[labels == label]
            panel.scatter(
                *chosen.T,
                s=size,
                label=name,
                alpha=0.85,
                edgecolors='black',
                linewidths=0.3,
                **class_style(label),
            )
        agreement = 100 * np.mean(embedding.pred_labels == labels)
        panel.set_title(
            f'{embedding.name}\n{embedding.neighbours}-neighbour accuracy {agreement:.1f} %, '
            f'silhouette {embedding.silhouette:.2f}',
            fontsize=11,
        )
        panel.set_box_aspect(1)
        panel.set_xticks([])
        panel.set_yticks([])
        for spine in panel.spines.values():
            spine.set_visible(True)
            spine.set_color('0.7')
    entry = 0.65 + 0.095 * max(map(len, classes))  # inches: marker, gaps, the longest name
    handles, names = panels.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc='outside lower center',
        ncols=min(len(classes), int(figure.get_figwidth() // entry)),
        markerscale=float(np.sqrt(60 / size)),
        columnspacing=1.2,
        handletextpad=0.2,
    )
    return figure
