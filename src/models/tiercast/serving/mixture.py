"""How likely a customer belongs to each of a few overlapping clouds: a frozen Gaussian mixture, in plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class Mixture:
    """Means, precisions and weights of a mixture of normal distributions, as they were fitted.

    Parameters
    ----------
    weights : tuple of float
        Share of each component; they add up to 1.
    means : tuple of tuple of float
        One point a component, in the prepared space.
    precisions_cholesky : tuple of tuple of tuple of float
        One upper triangular matrix ``P`` a component, with ``P Pᵀ`` the inverse of its covariance.

    Notes
    -----
    Responsibilities by Bayes, as in Dempster, Laird and Rubin 1977, "Maximum likelihood from incomplete data via the EM
    algorithm", JRSS B 39(1). The sums run column by column, so that a row alone gets the bits that it gets among many.

    Examples
    --------
    >>> two = Mixture((0.5, 0.5), ((-1.0,), (1.0,)), (((1.0,),), ((1.0,),)))
    >>> two.responsibilities(np.array([[0.0], [50.0]])).round(9).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    >>> two.responsibilities(np.zeros((0, 1))).shape
    (0, 2)
    """

    weights: tuple[float, ...]
    means: tuple[tuple[float, ...], ...]
    precisions_cholesky: tuple[tuple[tuple[float, ...], ...], ...]

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Return log(weight × density) of each row (n) under each component (k), up to one constant."""
        found = np.empty((len(points), len(self.weights)))
        for number, (weight, mean, factor) in enumerate(
            zip(self.weights, self.means, self.precisions_cholesky, strict=True)
        ):
            upper = np.asarray(factor, dtype=np.float64)
            apart = np.zeros(len(points))
            for column in range(upper.shape[1]):
                turned = np.zeros(len(points))
                for row in range(column + 1):
                    turned += (points[:, row] - mean[row]) * upper[row, column]
                apart += turned**2
            found[:, number] = np.log(weight) + np.log(np.diag(upper)).sum() - 0.5 * apart
        return found

    def responsibilities(self, points: np.ndarray) -> np.ndarray:
        """Return P(component | row), shape (n, k); each row adds up to 1."""
        logs = self.log_density(points)
        said = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(said / said.sum(axis=1, keepdims=True))

    def reordered(self, order: list[int]) -> "Mixture":
        """Return the same components in another order."""
        return Mixture(
            tuple(self.weights[each] for each in order),
            tuple(self.means[each] for each in order),
            tuple(self.precisions_cholesky[each] for each in order),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "weights": list(self.weights),
            "means": [list(each) for each in self.means],
            "precisions_cholesky": [[list(row) for row in each] for each in self.precisions_cholesky],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            tuple(stored["weights"]),
            tuple(tuple(each) for each in stored["means"]),
            tuple(tuple(tuple(row) for row in each) for each in stored["precisions_cholesky"]),
        )
