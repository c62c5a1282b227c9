"""Judge a stated range: does the truth fall where it was said to, as often as it was said to.

Marginal coverage misleads where many buy nothing: a perfect model's central 80 % covers 92 % of all customers
and 70 % of spenders. The randomised PIT spreads the point mass at zero, so it is uniform for a perfect model.
"""

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, columns, complete


def randomised_pit(below_actual: ArrayLike, up_to_actual: ArrayLike, *, seed: int) -> Floats:
    """Return each customer's randomised probability integral transform.

    Uniform on (0, 1) for a right forecast.

    Czado, Gneiting & Held 2009.

    Parameters
    ----------
    below_actual : array of float, shape (n,)
        P(value < actual): 0 where the actual value is zero (no mass lies below), else the same as
        ``up_to_actual``.
    up_to_actual : array of float, shape (n,)
        P(value <= actual), for instance from ``ValueIntervals.cumulative``.
    seed : int

    Examples
    --------
    >>> randomised_pit([0.3, 0.0], [0.3, 0.0], seed=7).tolist()
    [0.3, 0.0]
    """
    below, up_to = columns(below_actual, up_to_actual)
    return below + np.random.default_rng(seed).uniform(size=below.size) * (up_to - below)


def pit_coverage(pit: ArrayLike, *, coverage_share: float = 0.8) -> float:
    """Return the share of customers in the central range; close to ``coverage_share`` is good.

    Examples
    --------
    >>> pit_coverage([0.05, 0.2, 0.5, 0.8])
    0.75
    """
    (transform,) = columns(pit)
    tail = (1.0 - coverage_share) / 2.0
    inside = (transform >= tail) & (transform <= 1.0 - tail)
    return float(inside.mean()) if complete(transform) else float("nan")


def spender_coverage(actual: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the share of spenders (actual > 0) within [low, high]; NaN without spenders.

    The range is the one *given a purchase*, both ends included.

    Examples
    --------
    >>> spender_coverage([0, 10, 30], [5, 5, 5], [20, 20, 20])
    0.5
    """
    brought, lowest, highest = columns(actual, low, high)
    spent = brought > 0
    if not complete(brought, lowest[spent], highest[spent]):
        return float("nan")
    return float(((brought >= lowest) & (brought <= highest))[spent].mean())


def pinball(actual: ArrayLike, quantile: ArrayLike, *, level: float) -> float:
    """Return the mean pinball loss of a quantile forecast, in currency (Koenker & Bassett 1978).

    Examples
    --------
    >>> round(pinball([10, 0], [8, 8], level=0.9), 4)
    1.3
    """
    brought, said = columns(actual, quantile)
    if not complete(brought, said):
        return float("nan")
    short = brought - said
    return float(np.mean(np.maximum(level * short, (level - 1.0) * short)))


def crps(actual: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> float:
    """Return the continuous ranked probability score, in currency: twice the mean pinball loss.

    ``quantiles`` has one row per customer and one column per level; the levels are evenly spread, like
    0.005, 0.015 ... 0.995. Gneiting & Raftery 2007; Laio & Tamea 2007.

    Examples
    --------
    >>> crps([10], [[10, 10]], [0.25, 0.75])
    0.0
    """
    table, asked = np.asarray(quantiles, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    losses = [pinball(actual, table[:, number], level=float(level)) for number, level in enumerate(asked)]
    return 2.0 * float(np.mean(losses))
