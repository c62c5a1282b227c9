"""What is usual of a group, and how strongly a customer is drawn to it: the fit of channel, weekday and hour affinities.

The strength is the maximum of the Dirichlet-multinomial likelihood over customers (Minka 2000, "Estimating a Dirichlet
distribution", eq. 53), searched between 0.05 and 5,000 observations; the mean weighs customers by what they tell beyond
the strength, so that heavy customers do not speak for all. Both are alternated three times.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from tiercast.serving.affinity import Affinity

BOUNDS = (0.05, 5_000.0)
MOST_CUSTOMERS = 20_000
LEAST_CUSTOMERS = 20
"""A group with fewer customers than this is not told apart from everybody."""
_FLOOR = 1e-6


def fit_affinity(
    counts: pd.DataFrame,
    *,
    dimension: str,
    terms: Sequence[str] | None = None,
    groups: pd.Series | None = None,
    seed: int = 7,
) -> Affinity:
    """Return the affinity of one dimension.

    Parameters
    ----------
    counts : DataFrame
        ``customer_id, term, count``: what was seen before the cutoff.
    terms : sequence of str, optional
        All terms there are; default those that occur, by name.
    groups : Series, optional
        The group of each customer, indexed by customer id.

    Examples
    --------
    Customers who differ by chance alone are drawn strongly to the group, those who differ for good hardly:

    >>> same = pd.DataFrame({"customer_id": np.repeat([f"c{i}" for i in range(50)], 2), "term": ["x", "y"] * 50,
    ...                      "count": 10})
    >>> fit_affinity(same, dimension="channel").strength > 100
    True
    >>> apart = same.assign(count=[20, 0] * 25 + [0, 20] * 25)
    >>> fit_affinity(apart, dimension="channel").strength < 1
    True
    """
    listed = list(terms) if terms is not None else sorted(set(counts["term"].dropna().astype(str)))
    people, ids = pd.factorize(counts["customer_id"].astype(object), sort=True)
    what = pd.Index(listed).get_indexer(pd.Index(counts["term"].astype(object)))
    table = np.zeros((len(ids), len(listed)))
    np.add.at(table, (people[what >= 0], what[what >= 0]), counts["count"].to_numpy(float)[what >= 0])
    seen = table.sum(axis=1) > 0
    table, ids = table[seen], np.asarray(ids, dtype=object)[seen]
    if not listed or not len(table):
        even = (1.0 / len(listed),) * len(listed) if listed else ()
        return Affinity(dimension, tuple(listed), {"": even}, 1.0)
    drawn = table
    if len(table) > MOST_CUSTOMERS:
        drawn = table[np.random.default_rng(seed).choice(len(table), MOST_CUSTOMERS, replace=False)]
    strength = 10.0
    for _ in range(3):
        mean = _mean(drawn, strength)
        strength = _strength(drawn, mean)
    means = {"": tuple(float(share) for share in _mean(drawn, strength))}
    if groups is not None:
        of_each = groups.reindex(pd.Index(ids)).to_numpy(dtype=object)
        for name in sorted({str(each) for each in of_each if each is not None and each == each}):
            of_it = table[of_each == name]
            if len(of_it) >= LEAST_CUSTOMERS:
                means[name] = tuple(float(share) for share in _mean(of_it, strength))
    return Affinity(dimension, tuple(listed), means, strength)


def _mean(table: np.ndarray, strength: float) -> np.ndarray:
    seen = table.sum(axis=1)
    weight = seen / (seen + strength)
    share = (table / seen[:, None] * weight[:, None]).sum(axis=0) / weight.sum()
    share = np.maximum(share, _FLOOR)
    return np.asarray(share / share.sum(), dtype=float)


def _strength(table: np.ndarray, mean: np.ndarray) -> float:
    seen = table.sum(axis=1)
    row, column = np.nonzero(table)
    counts = table[row, column]

    def against(log_strength: float) -> float:
        s = float(np.exp(log_strength))
        alpha = s * mean
        together = (gammaln(s) - gammaln(seen + s)).sum()
        # a cell of nothing adds nothing to the likelihood
        return -float(together + (gammaln(counts + alpha[column]) - gammaln(alpha)[column]).sum())

    found = minimize_scalar(
        against, bounds=(float(np.log(BOUNDS[0])), float(np.log(BOUNDS[1]))), method="bounded"
    )
    return float(np.exp(found.x))
