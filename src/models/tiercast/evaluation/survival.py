"""Judge a forecast of when the next purchase comes, though many customers have not bought again yet.

``days_to_purchase`` counts from 1 (bought on the day of the cutoff) and is NaN where no purchase was seen;
``observed_days`` is how long the customer *could* be seen, the same clock for buyers and others (the day the
story ends is known: administrative censoring). ``survival`` has one row per customer and one column per day
of ``curve_days``: P(no purchase through that day, that day included).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tiercast.evaluation.arrays import Floats, MisalignedInput, columns
from tiercast.evaluation.probability import expected_calibration_error, predicted_to_actual


def followed(
    days_to_purchase: ArrayLike, observed_days: ArrayLike
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Return the day on which each story ends, whether with a purchase, and for how long it could be seen."""
    bought_on, observed = columns(days_to_purchase, observed_days)
    bought = bought_on <= observed
    return np.where(bought, bought_on, observed), bought, observed


def curves(survival: ArrayLike, curve_days: ArrayLike, customers: int) -> tuple[Floats, Floats]:
    """Return curves, one row a customer, and their days.

    Raises
    ------
    MisalignedInput
    """
    curve, days = np.asarray(survival, dtype=np.float64), np.asarray(curve_days, dtype=np.float64)
    if curve.shape != (customers, days.size):
        raise MisalignedInput(customers, *curve.shape, days.size)
    return curve, days


def kaplan_meier(days_to_purchase: ArrayLike, observed_days: ArrayLike, curve_days: ArrayLike) -> Floats:
    """Return the share without a purchase through each of ``curve_days``, judged from what was seen.

    Kaplan & Meier 1958. A customer whose follow-up ends on a day was at risk on that day.

    Examples
    --------
    >>> kaplan_meier([1, 2, np.nan, np.nan], [1, 9, 1, 9], [0, 1, 2, 9]).tolist()
    [1.0, 0.75, 0.375, 0.375]
    """
    ended, bought, _ = followed(days_to_purchase, observed_days)
    asked = np.asarray(curve_days, dtype=np.float64)
    if ended.size == 0:
        return np.full(asked.size, np.nan)
    times = np.unique(ended)
    at_risk = ended.size - np.searchsorted(np.sort(ended), times, side="left")
    events = np.bincount(np.searchsorted(times, ended[bought]), minlength=times.size)
    stays = np.concatenate([[1.0], np.cumprod(1.0 - events / at_risk)])
    return np.asarray(stays[np.searchsorted(times, asked, side="right")], dtype=np.float64)


def brier_by_day(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> Floats:
    """Return the Brier score of each day, over the customers whose follow-up reaches that day.

    Under administrative censoring no weights are needed: Kvamme & Borgan 2023, "The Brier score under
    administrative censoring". NaN for a day that nobody's follow-up reaches.

    Examples
    --------
    >>> brier_by_day([1, np.nan], [9, 9], [[0.5, 0.2], [1.0, 0.8]], [1, 9]).round(4).tolist()
    [0.125, 0.04]
    """
    _, _, observed = followed(days_to_purchase, observed_days)
    squared, days = _squared_errors(days_to_purchase, observed_days, survival, curve_days)
    reached = observed[:, None] >= days[None, :]
    seen = reached.sum(axis=0)
    total = np.where(reached, squared, 0.0).sum(axis=0)
    by_day: Floats = np.divide(total, seen, out=np.full(days.size, np.nan), where=seen > 0)
    return by_day


def _squared_errors(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> tuple[Floats, Floats]:
    ended, bought, _ = followed(days_to_purchase, observed_days)
    curve, days = curves(survival, curve_days, ended.size)
    still_waiting = ~(bought[:, None] & (ended[:, None] <= days[None, :]))
    return np.asarray((curve - still_waiting) ** 2, dtype=np.float64), days


def integrated_brier(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> float:
    """Return the mean over time of the Brier score of a survival curve: 0 is perfect, 0.25 "fifty-fifty".

    Trapezoids over ``curve_days`` (rising), from its first to its last day, over that span; a single day is
    its own mean. Graf et al. 1999; Kvamme & Borgan 2023. NaN when some day is reached by nobody or a
    prediction is missing.

    Examples
    --------
    >>> round(integrated_brier([1, np.nan], [9, 9], [[0.5, 0.2], [1.0, 0.8]], [1, 9]), 4)
    0.0825
    >>> integrated_brier([], [], np.empty((0, 2)), [1, 9])
    nan
    """
    return _over_days(brier_by_day(days_to_purchase, observed_days, survival, curve_days), curve_days)


def _over_days(by_day: Floats, curve_days: ArrayLike) -> float:
    days = np.asarray(curve_days, dtype=np.float64)
    if days.size == 1:
        return float(by_day[0])
    return float(np.trapezoid(by_day, days) / (days[-1] - days[0]))


def integrated_brier_per_row(
    days_to_purchase: ArrayLike, observed_days: ArrayLike, survival: ArrayLike, curve_days: ArrayLike
) -> Floats:
    """Return each customer's share in the integrated Brier score, for a paired bootstrap by customer.

    Its mean is :func:`integrated_brier` when everybody's follow-up reaches the last day; NaN for whom it does
    not.

    Examples
    --------
    >>> integrated_brier_per_row([1, np.nan], [9, 5], [[0.5, 0.2], [1.0, 0.8]], [1, 9]).round(4).tolist()
    [0.145, nan]
    """
    _, _, observed = followed(days_to_purchase, observed_days)
    squared, days = _squared_errors(days_to_purchase, observed_days, survival, curve_days)
    span = days[-1] - days[0]
    mean = np.trapezoid(squared, days, axis=1) / span if days.size > 1 else squared[:, 0]
    return np.where(observed >= days[-1], mean, np.nan)


def concordance(
    days_to_purchase: ArrayLike,
    observed_days: ArrayLike,
    soonness: ArrayLike,
    *,
    until_days: float | None = None,
) -> float:
    """Return Uno's C: of two customers, how often the one said to buy sooner does (score ties one half).

    Pairs (i, j) where i was seen to buy at T_i, before ``until_days``, and j had not bought through T_i; each
    weighs 1 / G(T_i-)^2, G the Kaplan-Meier curve of the censoring. Uno, Cai, Pencina, D'Agostino & Wei 2011.
    With one follow-up for all G is 1 and it equals Harrell's C. NaN when no pair can be compared. One pass
    per distinct day.

    Parameters
    ----------
    days_to_purchase, observed_days : array of float, shape (n,)
    soonness : array of float, shape (n,)
        Higher = expected to buy sooner.
    until_days : float, optional
        Purchases on later days start no pair (that day included). All are used when not given.

    Examples
    --------
    >>> concordance([1, 2, np.nan], [9, 9, 9], [0.9, 0.2, 0.5])
    0.6666666666666666
    >>> concordance([np.nan, np.nan], [9, 9], [0.9, 0.2])
    nan
    """
    ended, bought, _ = followed(days_to_purchase, observed_days)
    (score,) = columns(soonness)
    if score.size != ended.size:
        raise MisalignedInput(ended.size, score.size)
    if not np.isfinite(score).all():
        return float("nan")
    order = np.argsort(score, kind="stable")
    ended, bought, score = ended[order], bought[order], score[order]
    starts = bought if until_days is None else bought & (ended <= until_days)
    times = np.unique(ended[starts])
    weights = _uncensored(ended, bought, times) ** -2.0
    right = pairs = 0.0
    for day, weight in zip(times, weights, strict=True):
        waiting = score[(ended > day) | ((ended == day) & ~bought)]
        buyers = score[starts & (ended == day)]
        below = np.searchsorted(waiting, buyers, side="left")
        up_to = np.searchsorted(waiting, buyers, side="right")
        right += weight * float((below + up_to).sum()) / 2.0
        pairs += weight * float(buyers.size * waiting.size)
    return float(right / pairs) if pairs > 0 else float("nan")


def _uncensored(ended: Floats, bought: NDArray[np.bool_], days: Floats) -> Floats:
    """Return P(follow-up reaches each day): Kaplan-Meier of the censoring."""
    ends = np.unique(ended[~bought])
    if ends.size == 0:
        return np.ones(days.size)
    lost = np.bincount(np.searchsorted(ends, ended[~bought]), minlength=ends.size)
    at_risk = ended.size - np.searchsorted(np.sort(ended), ends, side="left")
    buying = np.sort(ended[bought])
    bought_now = np.searchsorted(buying, ends, side="right") - np.searchsorted(buying, ends, side="left")
    stays = np.concatenate([[1.0], np.cumprod(1.0 - lost / (at_risk - bought_now))])
    return np.asarray(stays[np.searchsorted(ends, days, side="left")], dtype=np.float64)


def within_days_calibration(
    days_to_purchase: ArrayLike,
    observed_days: ArrayLike,
    within_probability: ArrayLike,
    *,
    within_days: float,
) -> tuple[float, float]:
    """Return (calibration error, expected over seen buyers) of P(purchase within ``within_days``).

    The last day is included.

    Over the customers whose follow-up reaches that day; NaN when there are none, the second also when nobody
    bought.

    Examples
    --------
    >>> within_days_calibration([3, np.nan, 20, np.nan], [90, 90, 90, 5], [0.5, 0.5, 0.5, 0.5], within_days=7)
    (0.16666666666666666, 1.5)
    """
    bought_on, observed, said = columns(days_to_purchase, observed_days, within_probability)
    reached = observed >= within_days
    bought = (bought_on[reached] <= within_days).astype(np.float64)
    return expected_calibration_error(bought, said[reached]), predicted_to_actual(bought, said[reached])
