"""Learn from purchase histories alone how often customers buy and how they fade away.

Fitting never fails. What cannot be learned falls back, and says so in ``BtydFit.fallback``:

* ``GAPS_UNKNOWN``: how regular purchases are needs every gap between two of them; without, k is 1.
* ``NBD``: the model's own likelihood found no optimum, or explains the histories less well than a model in
  which nobody ever leaves. The same class, with leaving switched off.
* ``EMPIRICAL_RATES``: nobody came back on a later day, or there is nobody: one pooled purchase rate.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from tiercast.learners.btyd_histories import Histories
from tiercast.learners.btyd_likelihood import (
    nbd,
    pareto_nbd,
    quits_after_purchase,
    regular_quits_after_purchase,
)
from tiercast.learners.btyd_optimum import SAME_OPTIMUM, LogLikelihood, Optimum, maximise
from tiercast.serving.btyd import BgNbd, Btyd, MbgCnbd, MbgNbd, ParetoNbd
from tiercast.serving.btyd_arithmetic import Floats, History

DAYS_PER_WEEK = 7.0
MOST_REGULAR = 6
"""The largest k that is tried: a customer's gaps then vary by 41 % around their mean."""

_MEAN_AGE_UNITS = 10.0
_MOST_HISTORIES = 200_000

_Irregular = type[BgNbd] | type[MbgNbd] | type[ParetoNbd]
_LIKELIHOODS: dict[_Irregular, LogLikelihood] = {
    MbgNbd: partial(quits_after_purchase, may_quit_at_first=True),
    ParetoNbd: pareto_nbd,
    BgNbd: partial(quits_after_purchase, may_quit_at_first=False),
}


@dataclass(frozen=True)
class BtydFit:
    """A fitted model and how it was found.

    Parameters
    ----------
    model : MbgNbd, ParetoNbd, BgNbd or MbgCnbd
        The serving object; its time unit is the day.
    log_likelihood : float
        Of the ``customers`` histories, **time in weeks** as in the literature (in days it is lower by
        ``log(7) · total repeats``). Comparable between the four models on the same customers.
    customers : int
        Histories that were used. Rows without one were left out; where more than 200,000 *distinct* ones came,
        an even sample of 200,000 customers stands for all.
    converged : bool
        Whether the optimiser reported an optimum of the model in ``model``.
    fallback : str or None
        ``None``, ``"GAPS_UNKNOWN"`` (of :func:`fit_mbg_cnbd` only), ``"NBD"`` or ``"EMPIRICAL_RATES"``.
    """

    model: Btyd
    log_likelihood: float
    customers: int
    converged: bool
    fallback: str | None


def fit_bg_nbd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit BG/NBD by maximum likelihood.

    Parameters
    ----------
    repeat_order_days, purchase_span_days, customer_age_days : array
        Days with a purchase after the first, last minus first purchase day, cutoff minus first purchase day.
        Rows with NaN are left out.

    Examples
    --------
    >>> fit = fit_bg_nbd(
    ...     repeat_order_days=[0, 2, 5], purchase_span_days=[0, 80, 190], customer_age_days=[200, 200, 200]
    ... )
    >>> fit.customers, fit.fallback
    (3, None)

    Nobody came back yet: a low pooled rate, and a word about it.

    >>> fit_bg_nbd(repeat_order_days=[0, 0], purchase_span_days=[0, 0], customer_age_days=[30, 60]).fallback
    'EMPIRICAL_RATES'
    """
    return _fit(BgNbd, _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_mbg_nbd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit MBG/NBD by maximum likelihood; parameters and answer as in :func:`fit_bg_nbd`."""
    return _fit(MbgNbd, _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_pareto_nbd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit Pareto/NBD by maximum likelihood; parameters and answer as in :func:`fit_bg_nbd`."""
    return _fit(ParetoNbd, _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_mbg_cnbd(
    *,
    repeat_order_days: ArrayLike,
    purchase_span_days: ArrayLike,
    customer_age_days: ArrayLike,
    gap_log_mean: ArrayLike | None,
) -> BtydFit:
    """Fit MBG/CNBD-k by maximum likelihood, its regularity k included.

    k grows from 1 as long as the likelihood does, up to 6.

    Parameters
    ----------
    repeat_order_days, purchase_span_days, customer_age_days : array
        As in :func:`fit_bg_nbd`.
    gap_log_mean : array or None
        Mean of ln(days) over each customer's gaps between days with a purchase: the feature of this name. Needed
        for customers with two gaps or more.

    Examples
    --------
    Every tenth day, or nearly:

    >>> often = dict(repeat_order_days=[9, 7, 0], purchase_span_days=[90, 70, 0], customer_age_days=[95, 75, 90])
    >>> fit_mbg_cnbd(**often, gap_log_mean=[2.29, 2.30, float("nan")]).model.k
    6
    >>> fit = fit_mbg_cnbd(**often, gap_log_mean=None)
    >>> fit.model.k, fit.fallback
    (1, 'GAPS_UNKNOWN')
    """
    cohort = _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days, gap_log_mean)
    irregular = _fit(MbgNbd, cohort)
    regular = _fit_regular(cohort, irregular)
    if regular is not None and (irregular.fallback or regular.log_likelihood > irregular.log_likelihood):
        return regular
    unknown = None if cohort.days.gaps_known else "GAPS_UNKNOWN"
    return replace(irregular, model=_with_steps(irregular.model, 1), fallback=irregular.fallback or unknown)


def fit_one_btyd(
    model: str,
    *,
    repeat_order_days: ArrayLike,
    purchase_span_days: ArrayLike,
    customer_age_days: ArrayLike,
    gap_log_mean: ArrayLike | None = None,
) -> BtydFit | None:
    """Fit one model alone, as :func:`fit_every_btyd` fits it among the others; None where it would not be among them.

    Parameters
    ----------
    model : str
        ``mbg_nbd``, ``pareto_nbd``, ``bg_nbd`` or ``mbg_cnbd``; any other name is None.
    repeat_order_days, purchase_span_days, customer_age_days, gap_log_mean : array
        As in :func:`fit_mbg_cnbd`.

    Examples
    --------
    >>> often = dict(repeat_order_days=[9, 7, 0], purchase_span_days=[90, 70, 0], customer_age_days=[95, 75, 90])
    >>> fit_one_btyd("pareto_nbd", **often).model.type, fit_one_btyd("mbg_cnbd", **often)
    ('pareto_nbd', None)
    """
    cohort = _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days, gap_log_mean)
    if model == MbgCnbd.type:
        return _fit_regular(cohort, _fit(MbgNbd, cohort))
    kind = {each.type: each for each in _LIKELIHOODS}.get(model)
    return None if kind is None else _fit(kind, cohort)


def fit_every_btyd(
    *,
    repeat_order_days: ArrayLike,
    purchase_span_days: ArrayLike,
    customer_age_days: ArrayLike,
    gap_log_mean: ArrayLike | None = None,
) -> list[BtydFit]:
    """Fit MBG/NBD, Pareto/NBD, BG/NBD and, where purchases are regular, MBG/CNBD-k with k of 2 or more.

    Parameters
    ----------
    repeat_order_days, purchase_span_days, customer_age_days, gap_log_mean : array
        As in :func:`fit_mbg_cnbd`.

    Returns
    -------
    list of BtydFit
        In this order; three or four.

    Examples
    --------
    >>> often = dict(repeat_order_days=[9, 7, 0], purchase_span_days=[90, 70, 0], customer_age_days=[95, 75, 90])
    >>> [fit.model.type for fit in fit_every_btyd(**often)]
    ['mbg_nbd', 'pareto_nbd', 'bg_nbd']
    """
    cohort = _Cohort.of(repeat_order_days, purchase_span_days, customer_age_days, gap_log_mean)
    fits = {kind: _fit(kind, cohort) for kind in _LIKELIHOODS}
    regular = _fit_regular(cohort, fits[MbgNbd])
    return [*fits.values(), *([] if regular is None else [regular])]


@dataclass(frozen=True)
class _Cohort:
    """The histories that every model is fitted on, in days; ``unit_days`` is 0 when nobody came back."""

    days: Histories
    customers: int
    unit_days: float

    @classmethod
    def of(
        cls,
        repeat_order_days: ArrayLike,
        purchase_span_days: ArrayLike,
        customer_age_days: ArrayLike,
        gap_log_mean: ArrayLike | None = None,
    ) -> Self:
        history = History.of(repeat_order_days, purchase_span_days, customer_age_days)
        days = Histories.collapse(history, gap_log_mean).thinned(_MOST_HISTORIES)
        came_back = bool(np.any((days.repeats > 0) & (days.span > 0)))
        unit = float(np.average(days.age, weights=days.weight)) / _MEAN_AGE_UNITS if came_back else 0.0
        return cls(days, int(days.weight.sum()), unit)

    @cached_property
    def seen(self) -> Histories:
        """The same histories in a unit that suits optimisers."""
        return self.days.in_units_of(self.unit_days)

    @cached_property
    def pooled(self) -> Optimum:
        """The optimum of a model in which nobody leaves."""
        repeats, exposure = (
            float(column @ self.seen.weight) for column in (self.seen.repeats, self.seen.age)
        )
        return maximise(nbd, self.seen, [np.array([0.5, 0.5 * exposure / repeats])])

    @property
    def to_weeks(self) -> float:
        """What a log-likelihood in weeks has more than one in ``unit_days``."""
        return float(self.days.repeats @ self.days.weight * np.log(DAYS_PER_WEEK / self.unit_days))


def _fit(kind: _Irregular, cohort: _Cohort) -> BtydFit:
    if not cohort.unit_days:
        return _empirical_rates(kind, cohort)
    pooled, unit = cohort.pooled, cohort.unit_days
    r, alpha = (float(number) for number in pooled.parameters)
    starts = [np.array([r, alpha, *fading]) for fading in _fading_starts(kind)]
    found = maximise(_LIKELIHOODS[kind], cohort.seen, starts)
    value = found.log_likelihood
    if np.isfinite(value) and value >= pooled.log_likelihood - SAME_OPTIMUM * cohort.customers:
        model = kind(*_in_days(found.parameters, unit, fourth=unit if kind is ParetoNbd else 1.0))
        return BtydFit(model, value + cohort.to_weeks, cohort.customers, found.converged, None)
    if np.isfinite(pooled.log_likelihood):
        value, nobody_leaves = pooled.log_likelihood + cohort.to_weeks, kind(r, alpha * unit, 0.0, 1.0)
        return BtydFit(nobody_leaves, value, cohort.customers, pooled.converged, "NBD")
    return _empirical_rates(kind, cohort)


def _fit_regular(cohort: _Cohort, irregular: BtydFit) -> BtydFit | None:
    """Return the best fit with k of 2 or more; None where that cannot be told, or no optimum is found."""
    if not cohort.unit_days or not cohort.days.gaps_known:
        return None
    before = irregular.model
    assert isinstance(before, MbgNbd)
    start = np.array([before.r, before.alpha_days / cohort.unit_days, max(before.a, 0.1), before.b])
    best, below = None, -np.inf
    for k in range(2, MOST_REGULAR + 1):
        start = start * np.array([1.0, (k - 1.0) / k, 1.0, 1.0])
        fresh = np.array([*start[:2], *_fading_starts(MbgNbd)[0]])
        found = maximise(partial(regular_quits_after_purchase, k=k), cohort.seen, [start, fresh])
        value = found.log_likelihood + cohort.seen.rhythm_evidence(k) + cohort.to_weeks
        if not value > below:
            break
        start, below = found.parameters, value
        model = MbgCnbd(*_in_days(start, cohort.unit_days, fourth=1.0), k=k)
        best = BtydFit(model, value, cohort.customers, found.converged, None)
    return best


def _in_days(parameters: Floats, unit_days: float, *, fourth: float) -> tuple[float, float, float, float]:
    first, rate, third, last = (float(number) for number in parameters)
    return first, rate * unit_days, third, last * fourth


def _with_steps(model: Btyd, k: int) -> MbgCnbd:
    assert isinstance(model, MbgNbd)
    return MbgCnbd(model.r, model.alpha_days, model.a, model.b, k)


def _fading_starts(kind: _Irregular) -> list[tuple[float, float]]:
    if kind is ParetoNbd:
        return [(0.5, _MEAN_AGE_UNITS / 2), (1.0, 5 * _MEAN_AGE_UNITS), (0.1, _MEAN_AGE_UNITS)]
    return [(0.8, 2.5), (0.2, 2.0), (3.0, 30.0)]


def _empirical_rates(kind: _Irregular, cohort: _Cohort) -> BtydFit:
    """One pooled rate; half a purchase and one customer-day are added, so that it is neither zero nor infinite."""
    days = cohort.days
    repeats, exposure_days = float(days.repeats @ days.weight), float(days.age @ days.weight)
    alpha_days = (exposure_days + 1.0) / (repeats + 0.5)
    value, _ = nbd(np.log([1.0, alpha_days / DAYS_PER_WEEK]), days.in_units_of(DAYS_PER_WEEK))
    return BtydFit(
        kind(1.0, alpha_days, 0.0, 1.0),
        float(value @ days.weight),
        cohort.customers,
        False,
        "EMPIRICAL_RATES",
    )
