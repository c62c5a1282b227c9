"""A figure that is judged at several days: its mean over them, and the day on which it was worst.

A mean may hide a week in which answers were bad. The worst of several days is itself drawn by chance, so it is compared as
everything else is, on the same draws of customers.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, MisalignedInput
from tiercast.evaluation.measures import Counted, Measure

__all__ = ["TOTAL_BIAS", "mean_over", "worst_of"]


def mean_over(measure: Measure, origin: ArrayLike) -> Measure:
    """Return the measure's mean over origins, each judged by itself.

    Parameters
    ----------
    measure : Measure
    origin : array, shape (n,)
        The origin of each row.

    Raises
    ------
    MisalignedInput
        When the measure is then given another number of rows.

    Examples
    --------
    >>> from tiercast.evaluation.measures import figure_of, measure_named
    >>> mae = measure_named("mae")
    >>> figure_of(mean_over(mae, [1, 1, 1, 2]), np.zeros(4), np.array([1.0, 1.0, 1.0, 5.0]))
    3.0
    """
    return _over(measure, origin, f"mean_{measure.name}", lambda figures: float(np.mean(figures)))


def worst_of(measure: Measure, origin: ArrayLike) -> Measure:
    """Return the measure at the origin where it is worst; NaN when one origin cannot be judged.

    Examples
    --------
    >>> from tiercast.evaluation.measures import figure_of, measure_named
    >>> worst = worst_of(measure_named("mae"), [1, 1, 1, 2])
    >>> worst.name, figure_of(worst, np.zeros(4), np.array([1.0, 1.0, 1.0, 5.0]))
    ('worst_origin_mae', 5.0)
    """

    def worst(figures: Floats) -> float:
        return float(figures.min() if measure.larger_is_better else figures.max())

    return _over(measure, origin, f"worst_origin_{measure.name}", worst)


def _bias(actual: Floats, predicted: Floats) -> Counted:
    def figure(counts: Floats) -> float:
        total = float(counts @ actual)
        return float(counts @ predicted) / total if total > 0 else float("nan")

    return figure


TOTAL_BIAS = Measure("total_bias", True, _bias)
"""Total predicted by total actual: 1 is level. It has an interval, and no better side."""


def _over(measure: Measure, origin: ArrayLike, name: str, combine: Callable[[Floats], float]) -> Measure:
    of = np.asarray(origin)
    places = [np.flatnonzero(of == each) for each in np.unique(of)]

    def prepare(actual: Floats, predicted: Floats) -> Counted:
        if actual.size != of.size:
            raise MisalignedInput(actual.size, of.size)
        parts = [measure.prepare(actual[rows], predicted[rows]) for rows in places]

        def figure(counts: Floats) -> float:
            drawn = [counts[rows] for rows in places]
            if not all(each.any() for each in drawn):
                return float("nan")
            return combine(np.array([part(each) for part, each in zip(parts, drawn, strict=True)]))

        return figure

    return Measure(name, measure.larger_is_better, prepare)
