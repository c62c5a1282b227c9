"""Learn how much customers spend on a purchase day, and how much they differ from each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import gammaln, psi

from tiercast.serving.btyd_arithmetic import BadHistory, Floats
from tiercast.serving.gamma_gamma import GammaGamma

_LOW, _HIGH = np.log(1e-3), np.log(1e5)
_STARTS = ((1.0, 2.0), (5.0, 3.0), (0.5, 10.0))
_SAME_OPTIMUM = 1e-6


@dataclass(frozen=True)
class GammaGammaFit:
    """A fitted spend model and how it was found.

    Parameters
    ----------
    model : GammaGamma
        The serving object.
    log_likelihood : float
        Of the customers' mean spends, in units of currency.
    customers : int
        Customers with a positive mean spend; others were left out.
    converged : bool
        Whether the optimiser reported an optimum.
    fallback : str or None
        ``None``, or ``"POOLED_MEAN"``: fewer than two customers with spend, or all spend the same;
        everybody's mean, weighing as much as one purchase day.
    """

    model: GammaGamma
    log_likelihood: float
    customers: int
    converged: bool
    fallback: str | None


def fit_gamma_gamma(*, order_days: ArrayLike, order_day_spend_mean_currency: ArrayLike) -> GammaGammaFit:
    """Fit the Gamma-Gamma model; never fails.

    Parameters
    ----------
    order_days : array
        Days with a purchase behind each mean.
    order_day_spend_mean_currency : array
        Mean spend of those days. NaN, zero and negative means are left out.

    Examples
    --------
    >>> fit = fit_gamma_gamma(order_days=[3, 1, 8, 2], order_day_spend_mean_currency=[20.0, 55.0, 31.0, 12.0])
    >>> fit.customers, fit.fallback
    (4, None)
    >>> fit_gamma_gamma(order_days=[], order_day_spend_mean_currency=[]).fallback
    'POOLED_MEAN'
    """
    n = np.atleast_1d(np.asarray(order_days, dtype=np.float64))
    mean = np.atleast_1d(np.asarray(order_day_spend_mean_currency, dtype=np.float64))
    if n.shape != mean.shape or n.ndim != 1:
        raise BadHistory("expected two one-dimensional columns of the same length")
    known = np.isfinite(n) & np.isfinite(mean) & (n > 0) & (mean > 0)
    n, mean = n[known], mean[known]
    if len(n) < 2 or np.ptp(mean) <= 1e-12 * mean.max():
        return _pooled(mean)
    unit = float(np.exp(np.log(mean).mean()))
    relative = mean / unit

    def loss(log_parameters: Floats) -> tuple[float, Floats]:
        with np.errstate(all="ignore"):
            value, slope = _log_likelihood(log_parameters, n, relative)
        if not (np.isfinite(value) and np.all(np.isfinite(slope))):
            return 1e10, np.zeros(3)
        return -value / len(n), -slope / len(n)

    lowest, best, content = np.inf, np.zeros(3), False
    values: list[float] = []
    for p, q in _STARTS:
        if len(values) >= 2 and abs(values[0] - values[1]) < _SAME_OPTIMUM:
            break
        result = minimize(
            loss,
            np.log([p, q - 1.0, (q - 1.0) / p * relative.mean()]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(_LOW, _HIGH), (_LOW, _HIGH), (2 * _LOW, 2 * _HIGH)],
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        )
        values.append(float(result.fun))
        if result.fun < min(lowest, 1e9):
            lowest, best, content = float(result.fun), np.exp(result.x), bool(result.success)
    if not np.isfinite(lowest):
        return _pooled(mean)
    model = GammaGamma(p=float(best[0]), q=float(1.0 + best[1]), gamma_currency=float(best[2] * unit))
    return GammaGammaFit(model, float(-lowest * len(n) - len(n) * np.log(unit)), len(n), content, None)


def _log_likelihood(log_parameters: Floats, n: Floats, mean: Floats) -> tuple[float, Floats]:
    """Fader & Hardie (2013), eq. 1a, and its gradient in log p, log(q − 1), log gamma."""
    p, excess, gamma = np.exp(log_parameters)
    q = 1.0 + excess
    total = gamma + n * mean
    value = (
        gammaln(p * n + q) - gammaln(p * n) - gammaln(q)
        + q * np.log(gamma) + (p * n - 1) * np.log(mean) + p * n * np.log(n) - (p * n + q) * np.log(total)
    )  # fmt: skip
    by_p = n * (psi(p * n + q) - psi(p * n) + np.log(n * mean) - np.log(total))
    by_q = psi(p * n + q) - psi(q) + np.log(gamma) - np.log(total)
    by_gamma = q / gamma - (p * n + q) / total
    return float(value.sum()), np.array([p * by_p.sum(), excess * by_q.sum(), gamma * by_gamma.sum()])


def _pooled(mean: Floats) -> GammaGammaFit:
    pooled = float(mean.mean()) if len(mean) else 0.0
    return GammaGammaFit(
        GammaGamma(p=1.0, q=2.0, gamma_currency=pooled), float("nan"), len(mean), False, "POOLED_MEAN"
    )
