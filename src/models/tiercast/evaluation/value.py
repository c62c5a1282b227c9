"""Judge predicted amounts: are the best customers found, and is the total right.

``actual`` is what a customer brought over the horizon and ``predicted`` what was said, in the same currency.
Every figure is NaN for no rows and for a missing prediction.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.metrics import mean_tweedie_deviance

from tiercast.evaluation.arrays import Floats, columns, complete
from tiercast.evaluation.probability import binned_sums, top_share


def normalised_gini(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return how well predictions rank customers by value: 1 as well as the truth itself, 0 as chance.

    The Gini of actual value in order of prediction, over the Gini in order of actual value. Ties keep the
    order of the rows (stable), so hand the rows over sorted by customer. NaN when the total is not positive
    or all values are equal. Frees, Meyers & Cummings 2011; the definition of the "Metrics" suite of Kaggle.

    Examples
    --------
    >>> normalised_gini([1, 2, 3], [10, 20, 30])
    1.0
    >>> round(normalised_gini([1, 2, 4, 3], [0, 0, 0, 0]), 4)
    -0.8
    >>> normalised_gini([5, 5], [1, 2])
    nan
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said) or brought.sum() <= 0 or brought.min() == brought.max():
        return float("nan")
    return _area(brought, said) / _area(brought, brought)


def _area(brought: Floats, by: Floats) -> float:
    in_order = brought[np.argsort(-by, kind="stable")]
    return float(np.cumsum(in_order).sum() / brought.sum() - (brought.size + 1) / 2.0)


def spearman(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the correlation of ranks, ties at their mean rank; NaN when either column is constant.

    Spearman 1904.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30]), 4)
    0.8
    >>> spearman([1, 2], [3, 3])
    nan
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said) or brought.min() == brought.max() or said.min() == said.max():
        return float("nan")
    return float(np.corrcoef(rankdata(brought), rankdata(said))[0, 1])


def rmse(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the root of the mean squared error, in currency.

    Examples
    --------
    >>> rmse([0, 0], [3, 3])
    3.0
    """
    brought, said = columns(actual, predicted)
    return float(np.sqrt(np.mean((said - brought) ** 2))) if complete(brought, said) else float("nan")


def mae(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean absolute error, in currency.

    Never select by it: where most customers buy nothing, "predict 0" wins.

    Examples
    --------
    >>> mae([0, 10], [3, 9])
    2.0
    """
    brought, said = columns(actual, predicted)
    return float(np.mean(np.abs(said - brought))) if complete(brought, said) else float("nan")


def total_bias(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return total predicted over total actual: 1 is right, 0.9 promises 10 % too little.

    NaN when the actual total is not positive.

    Examples
    --------
    >>> total_bias([10, 10], [9, 9])
    0.9
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said) or brought.sum() <= 0:
        return float("nan")
    return float(said.sum() / brought.sum())


def capture_share(actual: ArrayLike, predicted: ArrayLike, *, share: float) -> float:
    """Return the share of all value that the top ``share`` of customers by prediction brought.

    Customers tied at the cut count in proportion. NaN when the actual total is not positive.

    Examples
    --------
    >>> capture_share([6, 2, 1, 1], [4, 3, 2, 1], share=0.25)
    0.6
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said) or brought.sum() <= 0:
        return float("nan")
    return top_share(brought, said, share=share)


def decile_mape(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean relative error of the ten decile totals by prediction.

    NaN when a decile brought nothing or less.

    Examples
    --------
    >>> round(decile_mape([10] * 10, [11] * 10), 4)
    0.1
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said):
        return float("nan")
    said_total, brought_total = binned_sums(brought, said, np.ones_like(said), bins=10)
    if brought_total.min() <= 0:
        return float("nan")
    return float(np.mean(np.abs(said_total / brought_total - 1.0)))


def decile_slope(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the slope of the ten deciles' actual means over what was said: 1 is right, below 1 the ends are overdrawn.

    Least squares; NaN where all deciles were told the same.

    Examples
    --------
    >>> round(decile_slope(np.arange(20.0), 2 * np.arange(20.0)), 4)
    0.5
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said):
        return float("nan")
    said_total, brought_total = binned_sums(brought, said, np.ones_like(said), bins=10)
    apart = said_total - said_total.mean()
    spread = float(apart @ apart)
    return float(apart @ (brought_total - brought_total.mean())) / spread if spread > 0 else float("nan")


def tweedie_deviance(actual: ArrayLike, predicted: ArrayLike, *, power: float = 1.5) -> float:
    """Return the mean deviance of a compound Poisson-gamma distribution: 0 is perfect.

    Jorgensen 1987. What is below 0, a window with more back than bought, counts as 0; so does a prediction, but for a
    billionth.

    Examples
    --------
    >>> round(tweedie_deviance([0.0, 4.0], [1.0, 4.0]), 4)
    2.0
    """
    brought, said = columns(actual, predicted)
    if not complete(brought, said):
        return float("nan")
    asked: dict[str, Any] = {"power": power}  # of any size, though the library's default is whole
    return float(mean_tweedie_deviance(np.maximum(brought, 0.0), np.maximum(said, 1e-9), **asked))
