"""Three ways to find groups that compete: nearest means, overlapping clouds, and dense places.

K-means (Lloyd 1982), a Gaussian mixture (Dempster, Laird and Rubin 1977) and HDBSCAN (Campello, Moulavi and Sander 2013,
"Density-based clustering based on hierarchical density estimates"). HDBSCAN cannot place a new customer, so it is served
by the nearest mean of its groups; how often that agrees with its own answer is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiercast.serving.mixture import Mixture

ALGORITHMS: tuple[str, ...] = ("kmeans", "mixture", "hdbscan")
COVARIANCE_FLOOR = 1e-3


@dataclass(frozen=True)
class Found:
    """Groups in the prepared space: their centres, the mixture that decides if there is one, and the agreement.

    ``agreement`` is the share of the customers whom the algorithm placed that the served rule places alike; ``placed``
    is the share that it placed at all (both 1 where the served rule is the algorithm's own).
    """

    centres: np.ndarray
    mixture: Mixture | None = None
    agreement: float = 1.0
    placed: float = 1.0

    def labels(self, points: np.ndarray) -> np.ndarray:
        """Return the position of each row's group, by the served rule."""
        if self.mixture is not None:
            return np.asarray(self.mixture.log_density(points).argmax(axis=1))
        apart = np.stack([((points - each) ** 2).sum(axis=1) for each in self.centres], axis=1)
        return np.asarray(apart.argmin(axis=1))


def find(
    points: np.ndarray, algorithm: str, settings: Mapping[str, float], *, seed: int, starts: int = 8
) -> Found | None:
    """Return the groups that an algorithm finds, or None where it finds none.

    Parameters
    ----------
    points : array, shape (n, d)
    algorithm : str
        One of ``ALGORITHMS``.
    settings : mapping
        ``clusters`` of k-means and the mixture; ``smallest_share`` and ``neighbours`` of HDBSCAN.
    starts : int
        Starts of k-means; the mixture takes a quarter of them.

    Examples
    --------
    >>> two = np.repeat([[0.0, 0.0], [3.0, 3.0]], 40, axis=0) + np.random.default_rng(0).normal(0, 0.1, (80, 2))
    >>> [len(find(two, name, {"clusters": 2}, seed=0).centres) for name in ALGORITHMS]
    [2, 2, 2]
    >>> find(two[:1], "hdbscan", {}, seed=0) is None
    True
    """
    distinct = len(np.unique(points, axis=0))
    clusters = min(int(settings.get("clusters", 4)), distinct)
    if not len(points) or points.shape[1] == 0:
        return Found(np.zeros((1, points.shape[1])))
    if algorithm == "kmeans":
        return Found(_means(points, clusters, seed, starts))
    if algorithm == "mixture":
        return _clouds(points, clusters, seed, max(starts // 4, 1)) if distinct > clusters else None
    return _dense(points, settings)


def _means(points: np.ndarray, clusters: int, seed: int, starts: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    found = KMeans(clusters, random_state=seed).set_params(n_init=starts).fit(points)
    return np.asarray(found.cluster_centers_, dtype=np.float64)


def _clouds(points: np.ndarray, clusters: int, seed: int, starts: int) -> Found:
    from sklearn.mixture import GaussianMixture

    fitted: Any = GaussianMixture(
        clusters, random_state=seed, n_init=starts, reg_covar=COVARIANCE_FLOOR, max_iter=300
    ).fit(points)
    mixture = Mixture(
        tuple(float(each) for each in fitted.weights_),
        tuple(tuple(float(each) for each in row) for row in fitted.means_),
        tuple(
            tuple(tuple(float(each) for each in row) for row in factor)
            for factor in fitted.precisions_cholesky_
        ),
    )
    return Found(np.asarray(fitted.means_, dtype=np.float64), mixture)


def _dense(points: np.ndarray, settings: Mapping[str, float]) -> Found | None:
    from sklearn.cluster import HDBSCAN

    least = max(int(settings.get("smallest_share", 0.05) * len(points)), 5)
    neighbours = max(min(int(settings.get("neighbours", 10)), len(points) - 1), 1)
    if len(points) < 2 * least:
        return None
    own = HDBSCAN(min_cluster_size=least, min_samples=neighbours).set_params(copy=True).fit(points).labels_
    if own.max() < 1:
        return None  # nothing, or one dense place: no groups
    centres = np.stack([points[own == each].mean(axis=0) for each in range(own.max() + 1)])
    made = Found(centres)
    held = own >= 0
    agreement = float((made.labels(points[held]) == own[held]).mean())
    return Found(centres, None, agreement, float(held.mean()))
