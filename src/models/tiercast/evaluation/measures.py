"""The figures by which two learners are compared, each ready to be computed again on thousands of resamples.

A resample of customers is told by counts: how often each row was drawn. What can be sorted is sorted once, so
one resample costs one pass over the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tiercast.evaluation import probability, value
from tiercast.evaluation.arrays import Floats, complete
from tiercast.serving.refusals import Refused

Counted = Callable[[Floats], float]


class UnknownMeasure(Refused, LookupError):
    """A measure was asked for that cannot be compared."""

    code = "UNKNOWN_MEASURE"

    def __init__(self, name: str) -> None:
        there = sorted(MEASURES)
        super().__init__(f"measure {name!r} not found; there is: {', '.join(there)}", name=name, there=there)


@dataclass(frozen=True)
class Measure:
    """A figure of merit, which way it improves, and how to prepare it for resamples.

    Parameters
    ----------
    name : str
    larger_is_better : bool
    prepare : callable
        (actual, predicted) -> a function from counts per row to the figure.
    """

    name: str
    larger_is_better: bool
    prepare: Callable[[Floats, Floats], Counted]


def mean_of(losses: Floats) -> Counted:
    """Return the mean loss on a resample.

    Examples
    --------
    >>> mean_of(np.array([1.0, 4.0]))(np.array([2.0, 1.0]))
    2.0
    """
    return lambda counts: float(counts @ losses / counts.sum())


def _rmse(actual: Floats, predicted: Floats) -> Counted:
    squared = (predicted - actual) ** 2
    return lambda counts: float(np.sqrt(counts @ squared / counts.sum()))


def _gini(actual: Floats, predicted: Floats) -> Counted:
    """Sort once: copies of a row stay together, so every resample keeps that order."""
    by_predicted = np.argsort(-predicted, kind="stable")
    by_actual = np.argsort(-actual, kind="stable")
    ordered = [(order, actual[order]) for order in (by_predicted, by_actual)]

    def area(counts: Floats, order: np.ndarray, brought: Floats, total: float) -> float:
        drawn = counts[order]
        size = drawn.sum()
        before = np.cumsum(drawn) - drawn
        places = drawn * (size - before) - drawn * (drawn - 1.0) / 2.0
        return float(brought @ places / total - (size + 1.0) / 2.0)

    def figure(counts: Floats) -> float:
        total = float(counts @ actual)
        drawn = actual[counts > 0]
        if total <= 0 or drawn.min() == drawn.max():
            return float("nan")
        said, best = (area(counts, order, brought, total) for order, brought in ordered)
        return said / best

    return figure


def _auc(actual: Floats, predicted: Floats) -> Counted:
    distinct, group = np.unique(predicted, return_inverse=True)

    def figure(counts: Floats) -> float:
        with_event = np.bincount(group, weights=counts * actual, minlength=distinct.size)
        without = np.bincount(group, weights=counts * (1.0 - actual), minlength=distinct.size)
        pairs = with_event.sum() * without.sum()
        ranked = with_event @ (np.cumsum(without) - without / 2.0)
        return float(ranked / pairs) if pairs > 0 else float("nan")

    return figure


def _calibration_error(actual: Floats, predicted: Floats) -> Counted:
    distinct, group = np.unique(predicted, return_inverse=True)

    def figure(counts: Floats) -> float:
        said, happened = probability.sums_by_group(distinct, group, actual, counts, bins=10)
        return float(np.abs(said - happened).sum() / counts.sum())

    return figure


def _bias_distance(actual: Floats, predicted: Floats) -> Counted:
    def figure(counts: Floats) -> float:
        total = float(counts @ actual)
        return abs(float(counts @ predicted) / total - 1.0) if total > 0 else float("nan")

    return figure


def by_rows(function: Callable[[Floats, Floats], float]) -> Callable[[Floats, Floats], Counted]:
    """Prepare any figure at all, by repeating the rows of a resample: slower, and always right.

    Examples
    --------
    >>> by_rows(value.mae)(np.array([0.0, 2.0]), np.array([1.0, 2.0]))(np.array([3.0, 1.0]))
    0.75
    """

    def prepare(actual: Floats, predicted: Floats) -> Counted:
        rows = np.arange(actual.size)

        def figure(counts: Floats) -> float:
            drawn = np.repeat(rows, counts.astype(np.intp))
            return function(actual[drawn], predicted[drawn])

        return figure

    return prepare


def _log_loss(actual: Floats, predicted: Floats) -> Counted:
    return mean_of(probability.log_loss_per_row(actual, predicted))


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("log_loss", False, _log_loss),
        Measure("brier", False, lambda actual, said: mean_of((said - actual) ** 2)),
        Measure("roc_auc", True, _auc),
        Measure("average_precision", True, by_rows(probability.average_precision)),
        Measure("expected_calibration_error", False, _calibration_error),
        Measure("top_decile_lift", True, by_rows(probability.top_decile_lift)),
        Measure("normalised_gini", True, _gini),
        Measure("spearman", True, by_rows(value.spearman)),
        Measure("rmse", False, _rmse),
        Measure("mae", False, lambda actual, said: mean_of(np.abs(said - actual))),
        Measure("total_bias_distance", False, _bias_distance),
    )
}


def measure_named(name: str) -> Measure:
    """Return the measure of that name; ``total_bias_distance`` is |total predicted / total actual - 1|.

    Examples
    --------
    >>> measure_named("rmse").larger_is_better
    False
    >>> measure_named("accuracy")
    Traceback (most recent call last):
    ...
    tiercast.evaluation.measures.UnknownMeasure: measure 'accuracy' not found; there is: average_precision, ...
    """
    if name not in MEASURES:
        raise UnknownMeasure(name)
    return MEASURES[name]


def figure_of(measure: Measure, actual: Floats, predicted: Floats) -> float:
    """Return the measure on the rows as they are; NaN for no rows and for a missing prediction.

    Examples
    --------
    >>> figure_of(measure_named("mae"), np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    0.5
    """
    if not complete(actual, predicted):
        return float("nan")
    return measure.prepare(actual, predicted)(np.ones(actual.size))
