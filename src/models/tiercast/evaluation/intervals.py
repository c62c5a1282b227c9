"""Learn, on customers whose spend is known, how far spend strays from its forecast.

What is learned is applied by ``tiercast.serving.intervals``.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from tiercast.evaluation.arrays import Floats, columns
from tiercast.serving.intervals import ValueIntervals
from tiercast.serving.refusals import Refused


class TooFewSpenders(Refused, ValueError):
    """The calibration window has too few spenders to learn a spread from."""

    code = "TOO_FEW_SPENDERS"

    def __init__(self, spenders: int, needed: int) -> None:
        super().__init__(
            f"value intervals need {needed} customers with spend in the calibration window, {spenders} came; "
            "take a longer or a newer window",
            spenders=spenders,
            needed=needed,
        )


def fit_value_intervals(
    actual: ArrayLike,
    purchase_probability: ArrayLike,
    conditional_mean: ArrayLike,
    *,
    bought: ArrayLike | None = None,
    bins: int = 10,
    spenders_per_bin: int = 50,
    least_spenders: int = 20,
) -> ValueIntervals:
    """Return the spread of log(actual / conditional mean) among spenders, by bin of predicted value.

    Bins start as the deciles of predicted value over all customers; neighbours are pooled from the lowest up
    until each holds ``spenders_per_bin`` spenders (with too few for two bins: one bin for all). Quantiles
    carry the finite-sample correction of split conformal prediction: order statistic ceil((n + 1) level)
    above the median and floor((n + 1) level) below, so a central interval covers a new spender of that bin at
    least as often as it says. Where n is too small for that the extreme seen stands in.

    Parameters
    ----------
    actual : array of float, shape (n,)
        Value over the horizon, in currency; spenders are those above zero.
    purchase_probability, conditional_mean : array of float, shape (n,)
        What was said of them, by a learner not fitted on this window. Rows with NaN, or a conditional mean
        not above zero, are left out.
    bought : array of bool, shape (n,), optional
        Who bought: some of them may have left no money. Default: the spenders.
    bins, spenders_per_bin, least_spenders : int

    Raises
    ------
    TooFewSpenders
        Fewer than ``least_spenders`` spenders.

    Notes
    -----
    Vovk, Gammerman & Shafer 2005; Lei et al. 2018 (split conformal); Romano, Patterson & Candès 2019.

    Examples
    --------
    >>> spread = fit_value_intervals(np.arange(100.0), np.full(100, 0.5), np.full(100, 50.0))
    >>> len(spread.levels), len(spread.bin_edges)
    (99, 0)
    >>> fit_value_intervals([], [], [])
    Traceback (most recent call last):
    ...
    tiercast.evaluation.intervals.TooFewSpenders: value intervals need 20 ..., 0 came; ...
    """
    brought, probability, mean = columns(actual, purchase_probability, conditional_mean)
    usable = np.isfinite(brought) & np.isfinite(probability) & np.isfinite(mean) & (mean > 0)
    came = np.ones(len(brought), dtype=bool) if bought is None else np.asarray(bought, dtype=bool)
    brought, predicted, mean, came = brought[usable], (probability * mean)[usable], mean[usable], came[usable]
    spent = brought > 0
    if spent.sum() < least_spenders:
        raise TooFewSpenders(int(spent.sum()), least_spenders)
    edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins))
    edges = _pooled(edges, np.searchsorted(edges, predicted[spent], side="right"), spenders_per_bin)
    paid_share = 1.0 if bought is None else float(spent.sum() / (spent | came).sum())
    log_ratio = np.log(brought[spent] / (mean[spent] / paid_share))
    where = np.searchsorted(edges, predicted[spent], side="right")
    levels = np.arange(1, 100) / 100.0
    rows = [conformal_quantiles(log_ratio[where == number], levels) for number in range(edges.size + 1)]
    return ValueIntervals(
        levels=tuple(levels.tolist()),
        bin_edges=tuple(edges.tolist()),
        log_ratio_quantiles=tuple(tuple(row.tolist()) for row in rows),
        paid_share=paid_share,
    )


def widened(intervals: ValueIntervals, *, level_factor_80: float) -> ValueIntervals:
    """Return intervals that also allow for a level nobody could know: that of a season never seen before.

    The spread within customers and an independent shock to everybody's level add up in quadrature, on the log scale: a
    quantile moves away from its bin's median by the shock's own quantile.

    Parameters
    ----------
    intervals : ValueIntervals
    level_factor_80 : float
        At least 1: the level is between one over this factor and this factor with probability 80 %.

    Examples
    --------
    >>> narrow = ValueIntervals((0.1, 0.5, 0.9), (), ((-0.3, 0.0, 0.4),))
    >>> [round(each, 3) for each in widened(narrow, level_factor_80=1.4).log_ratio_quantiles[0]]
    [-0.451, 0.0, 0.523]
    >>> widened(narrow, level_factor_80=1.0) == narrow
    True
    """
    levels = np.asarray(intervals.levels)
    shock = np.log(level_factor_80) * norm.ppf(levels) / norm.ppf(0.9)
    rows = []
    for row in intervals.log_ratio_quantiles:
        median = float(np.interp(0.5, levels, row))
        off = np.asarray(row) - median
        side = np.where(levels < 0.5, -1.0, 1.0)
        moved = np.maximum.accumulate(median + side * np.hypot(off, shock)) if level_factor_80 > 1 else row
        rows.append(tuple(float(each) for each in moved))
    return replace(intervals, log_ratio_quantiles=tuple(rows))


def _pooled(edges: Floats, bin_of_spender: np.ndarray, spenders_per_bin: int) -> Floats:
    """Keep an edge only where enough spenders lie between it and the last one kept, and above it."""
    spenders = np.bincount(bin_of_spender, minlength=edges.size + 1)
    kept, gathered, left = [], 0, int(spenders.sum())
    for edge, count in zip(edges, spenders[:-1], strict=True):
        gathered, left = gathered + int(count), left - int(count)
        if gathered >= spenders_per_bin and left >= spenders_per_bin:
            kept.append(float(edge))
            gathered = 0
    return np.asarray(kept, dtype=np.float64)


def conformal_quantiles(scores: ArrayLike, levels: ArrayLike) -> Floats:
    """Return the order statistics that cover a new score at each level, leaning outward from the median.

    Examples
    --------
    >>> conformal_quantiles(np.arange(1.0, 10.0), [0.05, 0.15, 0.5, 0.85, 0.95]).tolist()
    [1.0, 1.0, 5.0, 9.0, 9.0]
    """
    (ordered,) = columns(np.sort(np.asarray(scores, dtype=np.float64)))
    asked = np.asarray(levels, dtype=np.float64)
    place = np.round((ordered.size + 1) * asked, 9)
    rank = np.where(asked > 0.5, np.ceil(place), np.floor(place))
    outward = ordered[np.clip(rank, 1, ordered.size).astype(np.intp) - 1]
    return np.asarray(np.where(asked == 0.5, np.median(ordered), outward), dtype=np.float64)
