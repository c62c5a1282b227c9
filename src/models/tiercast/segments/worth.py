"""Do segments tell what customers will be worth? The share of next value that they explain, beside simpler groups.

The share is η² = (sum over groups of size × (group mean − mean)²) / (sum of (value − mean)²), between 0 and 1 (Fisher
1925; Cohen 1988, "Statistical power analysis", chapter 8). It is measured out of time: groups as known at a cutoff, value
in the window after it. More groups explain more of anything, so rivals are given as many.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.serving.behaviour import known

RESAMPLES = 400
RFM = (("days_since_purchase", -1.0), ("orders", 1.0), ("net_spend_currency", 1.0))


@dataclass(frozen=True)
class Explained:
    """Share of next value that groups explain (0 to 1), with a 95 % interval over redrawn customers.

    ``ahead``, ``ahead_low`` and ``ahead_high`` tell how much more our segments explain, on the same draws; NaN for
    themselves.
    """

    name: str
    groups: int
    customers: int
    share: float
    low: float
    high: float
    ahead: float = float("nan")
    ahead_low: float = float("nan")
    ahead_high: float = float("nan")


def explained_share(groups: np.ndarray, value: np.ndarray) -> float:
    """Return η² of value by groups; NaN where the value does not vary.

    Examples
    --------
    >>> explained_share(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 3.0, 3.0]))
    1.0
    >>> explained_share(np.array([0, 1]), np.array([2.0, 2.0]))
    nan
    """
    _, codes = np.unique(groups, return_inverse=True)
    return _explained(codes, value, np.ones(len(value)))


def _explained(codes: np.ndarray, value: np.ndarray, weights: np.ndarray) -> float:
    total = weights.sum()
    if total == 0:
        return float("nan")
    centred = value - (weights @ value) / total
    whole = float(weights @ centred**2)
    if whole <= 1e-12 * max(float(weights @ value**2), 1e-300):
        return float("nan")
    size = np.bincount(codes, weights=weights)
    sums = np.bincount(codes, weights=weights * centred)
    return float((sums[size > 0] ** 2 / size[size > 0]).sum() / whole)


def rfm_groups(features: pd.DataFrame, groups: int) -> np.ndarray:
    """Return the classic alternative: equal groups by the sum of the ranks of recency, frequency and money.

    Ties are broken by ``customer_id``, so that the groups are equal whatever ties there are; columns that did not come
    take no part.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer_id": list("abcd"), "days_since_purchase": [9.0, 1.0, 2.0, 8.0],
    ...                      "orders": [1.0, 9.0, 8.0, 2.0]})
    >>> rfm_groups(seen, 2).tolist()
    [0, 1, 1, 0]
    """
    ranks = np.zeros(len(features))
    for column, sign in RFM:
        if column in features:
            values = pd.Series(sign * known(features, column))
            ranks += values.rank(pct=True).fillna(0.5).to_numpy()
    order = np.lexsort([features["customer_id"].to_numpy(dtype=object).astype(str), ranks])
    place = np.empty(len(features), dtype=np.int64)
    place[order] = np.arange(len(features))
    return place * groups // max(len(features), 1)


def compare_worth(
    ours: np.ndarray, rivals: Mapping[str, np.ndarray], value_currency: np.ndarray, *, seed: int
) -> tuple[Explained, ...]:
    """Return how much of next value each grouping explains, ours first.

    Rivals may know fewer customers (negative groups are unknown): ours is then compared on those alone.

    Examples
    --------
    >>> value = np.array([1.0, 2.0, 9.0, 10.0] * 10)
    >>> good, poor = np.array([0, 0, 1, 1] * 10), np.array([0, 1, 0, 1] * 10)
    >>> told = compare_worth(good, {"poor": poor}, value, seed=0)
    >>> told[0].share > 0.9, told[1].ahead_low > 0.5
    (True, True)
    """
    chance = np.random.default_rng(seed)
    rows = len(value_currency)
    draws = [
        np.bincount(chance.integers(0, rows, rows), minlength=rows).astype(float)
        for _ in range(RESAMPLES if rows else 0)
    ]

    def told(groups: np.ndarray, there: np.ndarray) -> np.ndarray:
        whole = there.astype(float)
        _, codes = np.unique(groups, return_inverse=True)
        return np.array([_explained(codes, value_currency, each * whole) for each in (whole, *draws)])

    def bounds(found: np.ndarray) -> tuple[float, float, float]:
        if not np.isfinite(found).any():
            return float("nan"), float("nan"), float("nan")
        low, high = np.nanquantile(found[1:], [0.025, 0.975])
        return float(found[0]), float(low), float(high)

    if not len(value_currency):
        return ()
    everybody = ours >= 0
    found = [
        Explained("segments", _count(ours[everybody]), int(everybody.sum()), *bounds(told(ours, everybody)))
    ]
    for name, groups in rivals.items():
        there = (groups >= 0) & everybody
        if not there.any():
            continue
        theirs, own = told(groups, there), told(ours, there)
        found.append(
            Explained(name, _count(groups[there]), int(there.sum()), *bounds(theirs), *bounds(own - theirs))
        )
    return tuple(found)


def _count(groups: np.ndarray) -> int:
    return len(np.unique(groups))
