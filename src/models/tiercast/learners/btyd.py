"""Learn from purchase histories alone how often customers buy and how they fade away.

Fitting never fails. What cannot be learned falls back, and says so in ``BtydFit.fallback``:

* ``NBD``: the model's own likelihood found no optimum, or explains the histories less well than a model in
  which nobody ever leaves. The same class, with leaving switched off.
* ``EMPIRICAL_RATES``: nobody ever came back, or there is nobody: one pooled purchase rate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from tiercast.learners.btyd_likelihood import Histories, nbd, pareto_nbd, quits_after_purchase
from tiercast.serving.btyd import BTYD_TYPES, BgNbd, Btyd, MbgNbd, ParetoNbd
from tiercast.serving.btyd_arithmetic import Floats, History

LogLikelihood = Callable[[Floats, Histories], tuple[Floats, Floats]]

DAYS_PER_WEEK = 7.0

_LIKELIHOODS: dict[type[Btyd], LogLikelihood] = {
    BgNbd: partial(quits_after_purchase, may_quit_at_first=False),
    MbgNbd: partial(quits_after_purchase, may_quit_at_first=True),
    ParetoNbd: pareto_nbd,
}
_MEAN_AGE_UNITS = 10.0
_BOUNDS = (np.log(1e-4), np.log(1e5))
_SAME_OPTIMUM = 1e-6
_MOST_HISTORIES = 200_000


@dataclass(frozen=True)
class BtydFit:
    """A fitted model and how it was found.

    Parameters
    ----------
    model : BgNbd, MbgNbd or ParetoNbd
        The serving object; its time unit is the day.
    log_likelihood : float
        Of the ``customers`` histories, **time in weeks** as in the literature (in days it is lower by
        ``log(7) · total repeats``). Comparable between the three models on the same customers.
    customers : int
        Histories that were used. Rows without one were left out; where more than 200,000 *distinct* ones came,
        an even sample of 200,000 customers stands for all.
    converged : bool
        Whether the optimiser reported an optimum of the model in ``model``.
    fallback : str or None
        ``None``, ``"NBD"`` or ``"EMPIRICAL_RATES"``.
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
    return _fit(BgNbd, History.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_mbg_nbd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit MBG/NBD by maximum likelihood; parameters and answer as in :func:`fit_bg_nbd`."""
    return _fit(MbgNbd, History.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_pareto_nbd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit Pareto/NBD by maximum likelihood; parameters and answer as in :func:`fit_bg_nbd`."""
    return _fit(ParetoNbd, History.of(repeat_order_days, purchase_span_days, customer_age_days))


def fit_best_btyd(
    *, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
) -> BtydFit:
    """Fit MBG/NBD, Pareto/NBD and BG/NBD and return the one that explains the histories best.

    All three have four parameters and are likelihoods of the same purchases, so the lowest AIC is the highest
    likelihood. A model that fell back gives way to one that did not; a tie goes to the one named first.

    Examples
    --------
    >>> fit_best_btyd(repeat_order_days=[], purchase_span_days=[], customer_age_days=[]).model.type
    'mbg_nbd'
    """
    history = History.of(repeat_order_days, purchase_span_days, customer_age_days)
    fits = [_fit(kind, history) for kind in BTYD_TYPES]
    return max(fits, key=lambda fit: (fit.fallback is None, fit.log_likelihood))


def _fit(kind: type[Btyd], history: History) -> BtydFit:
    in_days = Histories.collapse(history).thinned(_MOST_HISTORIES)
    customers = int(in_days.weight.sum())
    if not np.any(in_days.repeats > 0) or in_days.age.max() <= 0:
        return _empirical_rates(kind, in_days, customers)
    unit_days = float(np.average(in_days.age, weights=in_days.weight)) / _MEAN_AGE_UNITS
    seen = in_days.in_units_of(unit_days)
    repeats = float(seen.repeats @ seen.weight)
    to_weeks = repeats * (np.log(DAYS_PER_WEEK) - np.log(unit_days))
    mean_rate = repeats / float(seen.age @ seen.weight)
    pooled, pooled_value, pooled_converged = _maximise(nbd, seen, [np.array([0.5, 0.5 / mean_rate])])
    r, alpha = pooled
    starts = [np.array([r, alpha, *fading]) for fading in _fading_starts(kind)]
    found, value, converged = _maximise(_LIKELIHOODS[kind], seen, starts)
    if np.isfinite(value) and value >= pooled_value - _SAME_OPTIMUM * customers:
        fade = found[3] * (unit_days if kind is ParetoNbd else 1.0)
        model: Btyd = kind(float(found[0]), float(found[1] * unit_days), float(found[2]), float(fade))
        return BtydFit(model, float(value + to_weeks), customers, converged, None)
    if np.isfinite(pooled_value):
        nobody_leaves = kind(float(r), float(alpha * unit_days), 0.0, 1.0)
        return BtydFit(nobody_leaves, float(pooled_value + to_weeks), customers, pooled_converged, "NBD")
    return _empirical_rates(kind, in_days, customers)


def _fading_starts(kind: type[Btyd]) -> list[tuple[float, float]]:
    if kind is ParetoNbd:
        return [(0.5, _MEAN_AGE_UNITS / 2), (1.0, 5 * _MEAN_AGE_UNITS), (0.1, _MEAN_AGE_UNITS)]
    return [(0.8, 2.5), (0.2, 2.0), (3.0, 30.0)]


def _maximise(likelihood: LogLikelihood, seen: Histories, starts: list[Floats]) -> tuple[Floats, float, bool]:
    """Return the best parameters, their total log-likelihood and whether the optimiser was content.

    Two starts always; a third only when those two disagree.
    """
    customers = float(seen.weight.sum())

    def loss(log_parameters: Floats) -> tuple[float, Floats]:
        with np.errstate(all="ignore"):
            value, gradient = likelihood(log_parameters, seen)
            mean, slope = -float(value @ seen.weight) / customers, -(gradient @ seen.weight) / customers
        if not (np.isfinite(mean) and np.all(np.isfinite(slope))):
            return 1e10, np.zeros_like(log_parameters)
        return mean, slope

    best, lowest, content = starts[0], np.inf, False
    values: list[float] = []
    for start in starts:
        if len(values) >= 2 and abs(values[0] - values[1]) < _SAME_OPTIMUM:
            break
        result = minimize(
            loss,
            np.clip(np.log(start), *_BOUNDS),
            jac=True,
            method="L-BFGS-B",
            bounds=[_BOUNDS] * len(start),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        )
        values.append(float(result.fun))
        if result.fun < min(lowest, 1e9):
            best, lowest, content = np.exp(result.x), float(result.fun), bool(result.success)
    return best, -lowest * customers, content


def _empirical_rates(kind: type[Btyd], in_days: Histories, customers: int) -> BtydFit:
    """One pooled rate; half a purchase and one customer-day are added, so that it is neither zero nor infinite."""
    repeats, exposure_days = float(in_days.repeats @ in_days.weight), float(in_days.age @ in_days.weight)
    alpha_days = (exposure_days + 1.0) / (repeats + 0.5)
    value, _ = nbd(np.log([1.0, alpha_days / DAYS_PER_WEEK]), in_days.in_units_of(DAYS_PER_WEEK))
    return BtydFit(
        kind(1.0, alpha_days, 0.0, 1.0), float(value @ in_days.weight), customers, False, "EMPIRICAL_RATES"
    )
