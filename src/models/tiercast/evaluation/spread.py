"""Do values fall within the ranges that were told, as often as was told, for small customers and for large ones?

A range that holds on average may be too narrow for the best customers and too wide for the others, so it is judged by
tenth of predicted value as well. Money below zero (net of returns) is read as zero: no range is told below it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, columns, complete
from tiercast.evaluation.distribution import crps
from tiercast.evaluation.metrics import interval_metrics, pit_of_value
from tiercast.serving.intervals import ValueIntervals

LEVELS = tuple(np.arange(0.025, 1.0, 0.05).round(3).tolist())
"""The twenty levels, evenly spread, of which the continuous ranked probability score is taken."""
DECILES = 10


@dataclass(frozen=True)
class JudgedRanges:
    """The central 80 % range of value of each customer, beside what came.

    Parameters
    ----------
    figures : dict of str to float
        See :func:`judge_ranges`.
    low_currency, high_currency : array of float, shape (n,)
    pit : array of float, shape (n,)
        The randomised probability integral transform of each customer's value.
    by_decile : array of float, shape (10,)
        PIT coverage of the central 80 % by rising tenth of predicted value; NaN for a tenth without customers.
    """

    figures: dict[str, float]
    low_currency: Floats
    high_currency: Floats
    pit: Floats
    by_decile: Floats

    @property
    def by_row(self) -> dict[str, Floats]:
        """The ranges and transforms as columns."""
        return {"low_currency": self.low_currency, "high_currency": self.high_currency, "pit": self.pit}


def judge_ranges(
    intervals: ValueIntervals,
    actual: ArrayLike,
    purchase_probability: ArrayLike,
    expected_value: ArrayLike,
    *,
    seed: int,
) -> JudgedRanges:
    """Return how the ranges told of customers' values held against what came.

    Parameters
    ----------
    intervals : ValueIntervals
    actual : array of float, shape (n,)
        Value over the horizon, in currency.
    purchase_probability, expected_value : array of float, shape (n,)
        What was said: P(a purchase), and value in currency.
    seed : int

    Returns
    -------
    JudgedRanges
        Its figures: ``pit_coverage_80_share``, ``pit_mean`` and ``spender_coverage_80_share``
        (:func:`~tiercast.evaluation.metrics.interval_metrics`); ``coverage_80_share``, the share of values within the range
        that is told (of a *right* forecast more than 80 % where many bring nothing);
        ``pit_coverage_80_worst_decile_share``, the coverage of the tenth by predicted value that is farthest from 80 %;
        ``width_80_to_mean_ratio``, the mean width in mean values; ``crps``, in currency. NaN throughout where a number is
        missing or there are no rows.

    Examples
    --------
    >>> spread = ValueIntervals(levels=(0.1, 0.9), bin_edges=(), log_ratio_quantiles=((-1.0, 1.0),))
    >>> judged = judge_ranges(spread, [0.0, 40.0, 500.0], [1.0, 1.0, 1.0], [50.0, 50.0, 50.0], seed=1)
    >>> judged.low_currency.round(2).tolist(), round(judged.figures["coverage_80_share"], 4)
    ([18.39, 18.39, 18.39], 0.3333)
    >>> judge_ranges(spread, [], [], [], seed=1).figures["crps"]
    nan
    """
    came, chance, value = columns(actual, purchase_probability, expected_value)
    brought, mean = np.maximum(came, 0.0), value / np.maximum(chance, 1e-9)
    low, high = intervals.interval(chance, mean)
    if not complete(brought, chance, value):
        unknown = np.full(came.size, np.nan)
        return JudgedRanges(dict.fromkeys(FIGURES, np.nan), low, high, unknown, np.full(DECILES, np.nan))
    up_to_actual = intervals.cumulative(brought, chance, mean)
    up_to_zero = intervals.cumulative(np.zeros_like(brought), chance, mean)
    pit = pit_of_value(brought, up_to_actual, up_to_zero, seed=seed)
    by_decile = coverage_by_decile(pit, value)
    quantiles = np.column_stack([intervals.quantile(level, chance, mean) for level in LEVELS])
    figures = interval_metrics(
        brought, up_to_actual, up_to_zero, seed=seed,
        low_given_purchase=intervals.positive_quantile(0.1, chance, mean),
        high_given_purchase=intervals.positive_quantile(0.9, chance, mean),
    ) | {
        "coverage_80_share": float(((brought >= low) & (brought <= high)).mean()),
        "pit_coverage_80_worst_decile_share": farthest(by_decile, 0.8),
        "width_80_to_mean_ratio": float((high - low).mean() / brought.mean()) if brought.sum() else np.nan,
        "crps": crps(brought, quantiles, LEVELS),
    }  # fmt: skip
    return JudgedRanges({name: figures[name] for name in FIGURES}, low, high, pit, by_decile)


FIGURES = (
    "pit_coverage_80_share",
    "pit_coverage_80_worst_decile_share",
    "coverage_80_share",
    "spender_coverage_80_share",
    "width_80_to_mean_ratio",
    "pit_mean",
    "crps",
)
"""What is reported of ranges, in this order."""


def coverage_by_decile(pit: ArrayLike, predicted: ArrayLike) -> Floats:
    """Return the PIT coverage of the central 80 % by rising tenth of prediction; ties keep the order of the rows.

    Examples
    --------
    >>> coverage_by_decile([0.5] * 10 + [0.95] * 10, np.arange(20.0)).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    transform, said = columns(pit, predicted)
    tenth = np.empty(said.size, dtype=np.intp)
    tenth[np.argsort(said, kind="stable")] = np.arange(said.size) * DECILES // max(said.size, 1)
    inside = (transform >= 0.1) & (transform <= 0.9)
    rows = np.bincount(tenth, minlength=DECILES).astype(float)
    held = np.bincount(tenth, weights=inside, minlength=DECILES)
    return np.divide(held, rows, out=np.full(DECILES, np.nan), where=rows > 0)


def farthest(shares: ArrayLike, goal: float) -> float:
    """Return the share that is farthest from a goal; NaN where none is known.

    Examples
    --------
    >>> farthest([0.79, 0.85, float("nan"), 0.7], 0.8)
    0.7
    """
    (told,) = columns(shares)
    known = told[np.isfinite(told)]
    return float(known[np.abs(known - goal).argmax()]) if known.size else float("nan")
