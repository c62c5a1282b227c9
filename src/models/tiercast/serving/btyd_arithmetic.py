"""What every buy-till-you-die model shares: how a purchase history is read, and two exact-enough integrals.

A history is three numbers per customer, all counted from the day of the first purchase: how many later days
had a purchase, how long after the first the last one came, and how old the customer is at the cutoff.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .refusals import Refused

Floats = NDArray[np.float64]

BLOCK_CELLS = 2_000_000
"""Cells of one intermediate matrix: bounds memory at a few times 16 MB whatever the number of customers."""

_NEGLIGIBLE_LOG = 40.0
_RACE_NODES = 48


class BadHorizon(Refused, ValueError):
    """The horizon is not a number of days, zero or more."""

    code = "BAD_HORIZON"


class BadParameters(Refused, ValueError):
    """A stored model has a parameter that is not a finite number in its range."""

    code = "BAD_PARAMETERS"


class BadHistory(Refused, ValueError):
    """The three columns of a purchase history differ in length."""

    code = "BAD_HISTORY"


def check_parameters(parameters: dict[str, float], *, may_be_zero: tuple[str, ...] = ()) -> None:
    """Refuse parameters that no model can have.

    Raises
    ------
    BadParameters
        When a value is not finite, is negative, or is zero and not listed in ``may_be_zero``.

    Examples
    --------
    >>> check_parameters({"r": 0.2, "a": 0.0}, may_be_zero=("a",))
    >>> check_parameters({"r": -1.0})
    Traceback (most recent call last):
    ...
    tiercast.serving.btyd_arithmetic.BadParameters: expected positive finite parameters; wrong: r
    """
    wrong = [
        name
        for name, value in parameters.items()
        if not np.isfinite(value) or value < 0 or (value == 0 and name not in may_be_zero)
    ]
    if wrong:
        raise BadParameters(
            f"expected positive finite parameters; wrong: {', '.join(wrong)}", parameters=wrong
        )


def stored_parameters(stored: dict[str, Any], expected: str, names: tuple[str, ...]) -> dict[str, float]:
    """Return a stored model's parameters by name.

    Raises
    ------
    BadParameters
        When the stored model has another type, another time unit than days, or lacks a parameter.

    Examples
    --------
    >>> stored_parameters({"type": "gamma_gamma", "p": 6, "q": 4}, "gamma_gamma", ("p", "q"))
    {'p': 6.0, 'q': 4.0}
    >>> stored_parameters({"type": "gamma_gamma", "p": 6}, "gamma_gamma", ("p", "q"))
    Traceback (most recent call last):
    ...
    tiercast.serving.btyd_arithmetic.BadParameters: expected a stored gamma_gamma in days with p, q
    """
    missing = [name for name in names if not isinstance(stored.get(name), int | float)]
    if stored.get("type") != expected or stored.get("time_unit_days", 1.0) != 1.0 or missing:
        raise BadParameters(f"expected a stored {expected} in days with {', '.join(names)}", missing=missing)
    return {name: float(stored[name]) for name in names}


@dataclass(frozen=True)
class History:
    """Checked histories; ``known`` is False for NaN, negative numbers and a last purchase after the cutoff.

    Their numbers are replaced by zeros so that arithmetic is quiet; ``blank`` puts NaN back.
    """

    repeats: Floats
    span_days: Floats
    age_days: Floats
    known: NDArray[np.bool_]

    @classmethod
    def of(
        cls, repeat_order_days: ArrayLike, purchase_span_days: ArrayLike, customer_age_days: ArrayLike
    ) -> "History":
        """Read three columns of equal length (a plain number counts as one customer)."""
        x, t, age = (
            np.atleast_1d(np.asarray(column, dtype=np.float64))
            for column in (repeat_order_days, purchase_span_days, customer_age_days)
        )
        if not (x.shape == t.shape == age.shape and x.ndim == 1):
            raise BadHistory("expected three one-dimensional columns of the same length")
        known = np.isfinite(x) & np.isfinite(t) & np.isfinite(age) & (x >= 0) & (t >= 0) & (age >= t)
        return cls(np.where(known, x, 0.0), np.where(known, t, 0.0), np.where(known, age, 0.0), known)

    def blank(self, answers: Floats) -> Floats:
        """Return the answers with NaN where the customer has no history."""
        known = self.known if answers.ndim == 1 else self.known[:, None]
        return np.where(known, answers, np.nan)


def horizons(horizon_days: ArrayLike) -> tuple[Floats, bool]:
    """Return the horizons as a vector, and whether one plain number was asked for.

    Raises
    ------
    BadHorizon
        When a horizon is negative, not finite, or not a number or vector.

    Examples
    --------
    >>> horizons(28)
    (array([28.]), True)
    >>> horizons([-1.0])
    Traceback (most recent call last):
    ...
    tiercast.serving.btyd_arithmetic.BadHorizon: expected horizons in days, finite and 0 or more
    """
    days = np.asarray(horizon_days, dtype=np.float64)
    if days.ndim > 1 or not np.all(np.isfinite(days)) or np.any(days < 0):
        raise BadHorizon("expected horizons in days, finite and 0 or more")
    return np.atleast_1d(days), days.ndim == 0


def never_falling(answers: Floats, days: Floats) -> Floats:
    """Return answers in which a longer horizon has no less than a shorter one: rounding is undone.

    Parameters
    ----------
    answers : array, shape (n, len(days))
    days : array
        The horizons, in any order.

    Examples
    --------
    >>> never_falling(np.array([[0.3, 0.1, 0.2999]]), np.array([28.0, 7.0, 90.0]))
    array([[0.3, 0.1, 0.3]])
    """
    order = np.argsort(days, kind="stable")
    raised = np.empty_like(answers)
    raised[:, order] = np.maximum.accumulate(answers[:, order], axis=1)
    return raised


@lru_cache
def _legendre(nodes: int) -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(nodes)


def race_nodes(
    a_rate: Floats, b_rate: Floats, a_shape: Floats, b_shape: Floats, until: Floats, nodes: int
) -> tuple[Floats, Floats]:
    """Return Gauss points and weights in time for a race of two gamma-mixed clocks up to ``until``.

    The points are even in ``log(1 + u / c)`` with ``c`` the shorter of the two clocks' own scales, where the
    integrand is smooth whatever the parameters; time after which less than e⁻⁴⁰ is left is cut off.

    Returns
    -------
    (points, weights) : arrays of shape (len(until), nodes)
    """
    scale = np.minimum(a_rate / np.maximum(a_shape, 1.0), b_rate / np.maximum(b_shape, 1.0))
    with np.errstate(over="ignore", divide="ignore"):
        enough = np.minimum(
            a_rate * np.expm1(_NEGLIGIBLE_LOG / a_shape), b_rate * np.expm1(_NEGLIGIBLE_LOG / b_shape)
        )
    length = np.log1p(np.minimum(until, enough) / scale)
    point, weight = _legendre(nodes)
    stretched = length[:, None] * (0.5 * (point + 1.0))
    times = scale[:, None] * np.expm1(stretched)
    return times, (0.5 * length)[:, None] * weight * (times + scale[:, None])


def wins_race_probability(
    *, shape: Floats, rate: Floats, rival_shape: Floats, rival_rate: Floats, until: Floats
) -> Floats:
    """Return the probability that one clock rings before its rival and before ``until``.

    Clock i rings at an exponential time whose rate is Gamma(shape_i, rate_i). With P the answer and P' that
    of the rival, ``P + P' = 1 − (rate/(rate+until))^shape · (rival_rate/(rival_rate+until))^rival_shape``.

    Examples
    --------
    Two equal clocks win half of the time each, if one waits long enough:

    >>> one = np.ones(1)
    >>> ever = wins_race_probability(shape=one, rate=one, rival_shape=one, rival_rate=one, until=one * 1e6)
    >>> ever.round(5)
    array([0.5])
    """
    answer = np.empty_like(until)
    step = max(1, BLOCK_CELLS // _RACE_NODES)
    for start in range(0, len(until), step):
        part = slice(start, start + step)
        times, weights = race_nodes(
            rate[part], rival_rate[part], shape[part], rival_shape[part], until[part], _RACE_NODES
        )
        first = np.log1p(times / rate[part, None])
        second = np.log1p(times / rival_rate[part, None])
        log_silent = -(shape[part, None] * first + rival_shape[part, None] * second)
        hazard = shape[part, None] / (rate[part, None] + times)
        answer[part] = np.sum(weights * hazard * np.exp(log_silent), axis=1)
    return np.clip(answer, 0.0, 1.0)


def beta_nodes(a: float, b: Floats, nodes: int) -> tuple[Floats, Floats]:
    """Return Gauss points and weights for the mean of a function of p when p is Beta(a, b): one row per ``b``.

    Golub and Welsch (1969): points are eigenvalues of the Jacobi matrix on [0, 1], weights the squared first
    components of its eigenvectors. Weights are positive and sum to one, so a mean can never leave the range
    of the function and never loses its order in a horizon. ``a = 0`` gives the single point p = 0.

    Examples
    --------
    >>> points, weights = beta_nodes(2.0, np.array([3.0]), 40)
    >>> round(float((points * weights).sum()), 12)
    0.4
    """
    points, weights = np.empty((len(b), nodes)), np.empty((len(b), nodes))
    step = max(1, BLOCK_CELLS // nodes**2)
    for start in range(0, len(b), step):
        part = slice(start, start + step)
        points[part], weights[part] = _beta_nodes_block(a, b[part], nodes)
    return points, weights


def _beta_nodes_block(a: float, b: Floats, nodes: int) -> tuple[Floats, Floats]:
    n = np.arange(nodes, dtype=np.float64)[None, :]
    s = (a + b - 2.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        diagonal = (2 * n**2 + 2 * n * (s + 1) + s * a) / ((2 * n + s) * (2 * n + s + 2))
        k = n[:, 1:]
        square = (
            k
            * (k + b[:, None] - 1)
            * (k + a - 1)
            * (k + s)
            / ((2 * k + s) ** 2 * (2 * k + s + 1) * (2 * k + s - 1))
        )
    diagonal[:, 0] = a / (a + b)
    square[:, 0] = a * b / ((a + b) ** 2 * (a + b + 1))
    row = np.arange(nodes)
    jacobi = np.zeros((len(b), nodes, nodes))
    jacobi[:, row, row] = diagonal
    jacobi[:, row[1:], row[:-1]] = np.sqrt(np.maximum(square, 0.0))
    points, vectors = np.linalg.eigh(jacobi)
    return np.clip(points, 0.0, 1.0), vectors[:, 0, :] ** 2
