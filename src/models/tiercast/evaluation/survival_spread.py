"""Judge the whole distribution that a survival curve tells: its density, its calibration, its ranking at a day.

Arguments as in ``tiercast.evaluation.survival``; a curve is 1 before the first day and straight between two of its days.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from tiercast.evaluation.arrays import Floats, columns
from tiercast.evaluation.probability import roc_auc
from tiercast.evaluation.survival import curves, followed

BINS = 10
LEAST_PROBABILITY = 1e-12


def within_days_auc(
    days_to_purchase: ArrayLike,
    observed_days: ArrayLike,
    within_probability: ArrayLike,
    *,
    within_days: float,
) -> float:
    """Return how often who bought within so many days was given a higher chance of it than who had not: AUC(t).

    The cumulative/dynamic AUC of Heagerty, Lumley & Pepe 2000, over those whose follow-up reaches that day; under
    administrative censoring they need no weights. NaN where they are all buyers, or none is.

    Examples
    --------
    >>> within_days_auc([3, np.nan, 20, 2], [90, 90, 90, 5], [0.6, 0.1, 0.7, 0.9], within_days=7)
    0.5
    """
    bought_on, observed, said = columns(days_to_purchase, observed_days, within_probability)
    reached = observed >= within_days
    return roc_auc((bought_on[reached] <= within_days).astype(np.float64), said[reached])


def discrete_log_loss(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> float:
    """Return minus the mean log of the chance given to what happened: the interval of the purchase, or none until the end.

    The intervals lie between one day of the curve and the next, so curves are compared on the same days. Who bought after
    the last day, or was followed for less, counts by the last day of the curve that was reached. Kvamme & Borgan 2021,
    "Continuous and discrete-time survival prediction with neural networks", eq. 6. NaN for no rows.

    Examples
    --------
    >>> round(discrete_log_loss([3, np.nan], [90, 90], [[0.5, 0.2], [0.9, 0.8]], [7, 90]), 4)
    0.4581
    """
    ended, bought, _ = followed(days_to_purchase, observed_days)
    curve, days = curves(survival, curve_days, ended.size)
    full = np.column_stack([np.ones(ended.size), curve])
    whose = np.arange(ended.size)
    place = np.searchsorted(days, ended, side="left")  # the interval that ends on the first day not before
    inside = bought & (place < days.size)
    reached = np.searchsorted(days, np.minimum(ended, days[-1]), side="right")
    upper = np.minimum(place, days.size - 1) + 1
    chance = np.where(inside, full[whose, upper - 1] - full[whose, upper], full[whose, reached])
    return float(-np.log(np.maximum(chance, LEAST_PROBABILITY)).mean()) if ended.size else float("nan")


def distribution_calibration(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> tuple[float, float]:
    """Return (error, p-value) of D-calibration: do purchases fall evenly over the deciles of what was told?

    Of a right curve S(T) is uniform. Who bought is spread over the steps of S on the day of the purchase, who was not seen
    to buy evenly over all that S still held: 0 to S at the end of what was seen. The error is the share of customers that
    would have to move to another decile, 0 is right; the p-value is Pearson's, against even deciles. Haider, Hoehn, Davis
    & Greiner 2020, "Effective ways to build and evaluate individual survival distributions", eq. 12.

    Examples
    --------
    >>> days = np.arange(1, 101)
    >>> error, p_value = distribution_calibration(days, [100] * 100, np.tile(1 - days / 100, (100, 1)), days)
    >>> round(error, 6), round(p_value, 6)
    (0.0, 1.0)
    """
    ended, bought, _ = followed(days_to_purchase, observed_days)
    curve, days = curves(survival, curve_days, ended.size)
    if not ended.size or not np.isfinite(curve).all():
        return float("nan"), float("nan")
    inside = bought & (ended <= days[-1])
    top = _at(curve, days, np.where(inside, np.maximum(ended - 1.0, 0.0), np.minimum(ended, days[-1])))
    bottom = np.where(inside, _at(curve, days, np.minimum(ended, days[-1])), 0.0)
    edges = np.linspace(0.0, 1.0, BINS + 1)
    wide = np.maximum(top - bottom, LEAST_PROBABILITY)
    top = bottom + wide
    share = [
        (np.clip(np.minimum(top, high) - np.maximum(bottom, low), 0.0, None) / wide).mean()
        for low, high in zip(edges[:-1], [*edges[1:-1], 2.0], strict=True)
    ]
    off = np.asarray(share) - 1.0 / BINS
    statistic = ended.size * BINS * float((off**2).sum())
    return float(np.abs(off).sum() / 2.0), float(chi2.sf(statistic, BINS - 1))


def _at(curve: Floats, days: Floats, asked: Floats) -> Floats:
    """Return each row's curve on a day of its own, at most the last of ``days``."""
    begins = np.zeros(1) if days[0] > 0 else np.zeros(0)
    grid = np.concatenate([begins, days])
    full = np.column_stack([*(np.ones(len(curve)) for _ in begins), curve])
    whose, upper = np.arange(len(curve)), np.clip(np.searchsorted(grid, asked), 1, grid.size - 1)
    share = (asked - grid[upper - 1]) / (grid[upper] - grid[upper - 1])
    return np.asarray(full[whose, upper - 1] + share * (full[whose, upper] - full[whose, upper - 1]))
