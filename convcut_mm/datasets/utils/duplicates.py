"""Find copies among images: identical pixels, or thumbnails that correlate, mirrored or not.

``imagehash`` and ``imagededup`` compare 64-bit hashes, whose distance is no correlation and which
know no mirror images; scipy's k-d tree finds all pairs above a correlation in seconds.
"""

from dataclasses import dataclass

import numpy as np

from .image_signatures import Signatures

NEAR = 0.99  # correlation of 16x16 thumbnails above which two images are copies
_FREQUENCIES = 10  # lowest ones of a thumbnail: more make the search slower, fewer less selective


@dataclass(frozen=True)
class Duplicates:
    """Copies among N images.

    Attributes:
        identity: Number of the first image with the same pixels, (N,); its own if there is none.
        pairs: Nearly identical images, (M, 2): each a first one, the lower number first.
        correlation: Of the thumbnails of each pair, (M,).
        mirrored: Whether the pair correlates better with one of them mirrored, (M,).
        readable: False for files that no decoder reads, which are nobody's copies, (N,).
    """

    identity: np.ndarray
    pairs: np.ndarray
    correlation: np.ndarray
    mirrored: np.ndarray
    readable: np.ndarray

    def groups(self, among: np.ndarray) -> np.ndarray:
        """Number the groups of copies: what is linked by a chain of copies is one group.

        Args:
            among: Images that count, (N,) bool; chains through others do not link.

        Returns:
            Number of the group of each image, (N,).
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        count = len(self.identity)
        there = np.zeros(count, bool)
        there[self.identity[among]] = True
        first, second = self.pairs[there[self.pairs].all(1)].T
        links = coo_array((np.ones(len(first), bool), (first, second)), (count, count))
        return connected_components(links, directed=False)[1][self.identity]

    def stands_in(self, others: np.ndarray, near: bool = True) -> np.ndarray:
        """Return which images are identical or nearly identical to one of ``others``, (N,) bool.

        Args:
            others: Images to compare with, (N,) bool; each counts as its own copy.
            near: Whether nearly identical ones count. Defaults to True.
        """
        exact = np.zeros(len(self.identity), bool)
        exact[self.identity[others]] = True
        found = exact.copy()
        if near:
            first, second = self.pairs.T
            found[first[exact[second]]] = True
            found[second[exact[first]]] = True
        return found[self.identity]

    def repeats(self, among: np.ndarray, near: bool = True) -> np.ndarray:
        """Return which images are copies of *another* one of ``among``, (N,) bool.

        Args:
            among: Images that count, (N,) bool; the result is for these.
            near: Whether nearly identical ones count. Defaults to True.
        """
        times = np.bincount(self.identity[among], minlength=len(self.identity))
        found = times > 1
        if near:
            linked = self.pairs[(times[self.pairs] > 0).all(1)]
            found[linked.reshape(-1)] = True
        return found[self.identity] & among


def find_duplicates(signatures: Signatures, threshold: float = NEAR) -> Duplicates:
    """Find all copies.

    The result does not depend on the machine: candidates are checked in exact arithmetic.

    Args:
        signatures: Of N images.
        threshold: Correlation above which two images are copies. Defaults to 0.99.
    """
    identity = _first_of_equals(signatures)
    contrast = signatures.thumbnails.std((1, 2)) > 0
    unique = np.flatnonzero((identity == np.arange(len(identity))) & contrast)
    thumbnails = signatures.thumbnails[unique]
    straight, mirrored = _candidates(thumbnails, threshold)
    found = [
        (pairs, _correlation(thumbnails, pairs, flip), np.full(len(pairs), flip))
        for pairs, flip in ((straight, False), (mirrored, True))
    ]
    pairs, correlation, flips = (np.concatenate(parts) for parts in zip(*found))
    # of a pair that was found both ways, keep the better one
    order = np.lexsort((flips, -correlation, pairs[:, 1], pairs[:, 0]))
    pairs, correlation, flips = pairs[order], correlation[order], flips[order]
    new = np.r_[True, (pairs[1:] != pairs[:-1]).any(1)][: len(pairs)]
    keep = new & (correlation > threshold)
    return Duplicates(
        identity, unique[pairs[keep]], correlation[keep], flips[keep], signatures.readable
    )


def _first_of_equals(signatures: Signatures) -> np.ndarray:
    numbers = np.arange(len(signatures.hashes))
    keys = np.ascontiguousarray(signatures.hashes).view(f'S{signatures.hashes.shape[1]}')[:, 0]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return np.where(signatures.readable, first[inverse], numbers)


def _candidates(thumbnails: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that may correlate, and those that may if one is mirrored, (M, 2) each.

    Scaled to length 1, thumbnails with correlation c have the distance sqrt(2 - 2 c), and in some
    of their frequencies no more than that. Mirroring changes the sign of odd frequencies.
    """
    from scipy.fft import dctn
    from scipy.spatial import cKDTree

    if len(thumbnails) < 2:
        return np.empty((0, 2), int), np.empty((0, 2), int)
    side = thumbnails.shape[1]
    down, across = np.divmod(np.arange(1, side * side), side)  # not the mean
    lowest = np.lexsort((down, down + across))[:_FREQUENCIES]
    down, across = down[lowest], across[lowest]
    features = np.empty((len(thumbnails), _FREQUENCIES))
    for start in range(0, len(thumbnails), 4096):  # bounds the memory
        some = thumbnails[start : start + 4096].astype(float)
        some -= some.mean((1, 2), keepdims=True)
        some /= np.linalg.norm(some, axis=(1, 2), keepdims=True)
        spectrum = dctn(some, axes=(1, 2), norm='ortho')
        features[start : start + len(some)] = spectrum[:, down, across]
    mirrors = features * np.where(across % 2, -1, 1)
    tree = cKDTree(np.concatenate([features, mirrors]))
    radius = np.sqrt(2 - 2 * threshold) + 1e-6
    found = tree.query_pairs(radius, output_type='ndarray')
    count = len(thumbnails)
    flip = (found[:, 0] < count) & (found[:, 1] >= count)
    straight = found[(found < count).all(1)]
    mirrored = np.sort(found[flip] % count, axis=1)
    mirrored = mirrored[mirrored[:, 0] != mirrored[:, 1]]  # a symmetric face
    return straight, np.unique(mirrored, axis=0)


def _correlation(thumbnails: np.ndarray, pairs: np.ndarray, mirrored: bool) -> np.ndarray:
    """Correlate pairs of thumbnails: sums of integers, then one division, (M,)."""
    pixels = thumbnails.shape[1] * thumbnails.shape[2]
    flat = thumbnails.reshape(-1, pixels).astype(np.int64)
    sums = flat.sum(1)
    spread = pixels * (flat**2).sum(1) - sums**2
    result = np.empty(len(pairs))
    for start in range(0, len(pairs), 65536):  # bounds the memory
        first, second = pairs[start : start + 65536].T
        other = thumbnails[second, :, ::-1] if mirrored else thumbnails[second]
        products = (flat[first] * other.reshape(-1, pixels)).sum(1)
        together = pixels * products - sums[first] * sums[second]
        scale = np.sqrt(spread[first].astype(float) * spread[second].astype(float))
        result[start : start + len(first)] = together / scale
    return result
