"""Logistic regression for activity and a log-linear Tweedie mean for value, over squeezed features."""

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tiercast.learners.learner import Learner, Panel, Range, Setup, constant, sampled
from tiercast.serving.btyd_stage import COLUMNS
from tiercast.serving.linear import Linear, placed, squeeze, standardise
from tiercast.serving.rules import RateTable

MOST_ROWS = 150_000
"""Whole customers are drawn from a panel beyond it: the coefficients of a line want no more."""


def design_of(panel: Panel) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return columns, centres, scales, the design matrix (values, then absences that occur) and which those are."""
    columns = [name for name in (*panel.columns, *COLUMNS) if name in panel.features]
    values = panel.features[columns].to_numpy(float)
    squeezed = squeeze(values)
    known = np.isfinite(squeezed)
    count = np.maximum(known.sum(axis=0), 1)
    centres = np.where(known, squeezed, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (squeezed - centres) ** 2, 0.0).sum(axis=0) / count)
    scales = np.where(spread > 1e-9, spread, 1.0)
    absent = np.isnan(values)
    occurs = np.flatnonzero(absent.any(axis=0))
    design = np.column_stack([placed(squeezed, centres, scales), absent[:, occurs]])
    return columns, centres, scales, design, occurs


def fit_logistic(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear:
    """Fit an L2-penalised logistic regression of ``purchased``."""
    from sklearn.linear_model import LogisticRegression

    panel = sampled(panel, MOST_ROWS, setup.seed)
    columns, centres, scales, design, occurs = design_of(panel)
    label = panel.labels["purchased"].to_numpy(float)
    model = LogisticRegression(
        C=float(parameters["inverse_penalty"]), solver="newton-cholesky", max_iter=50, tol=1e-5
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unfinished fit is still a candidate, and judged
        model.fit(design, label, sample_weight=panel.weights())
    return linear_of(
        columns, centres, scales, np.ravel(model.coef_), occurs, float(np.ravel(model.intercept_)[0]), "logit"
    )


def fit_tweedie(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Fit a log-linear Tweedie mean (power 1.5) of net value; a net loss counts as nothing bought."""
    from sklearn.linear_model import TweedieRegressor

    panel = sampled(panel, MOST_ROWS, setup.seed)
    if not (panel.labels["value_currency"].to_numpy(float) > 0).any():
        return constant(0.0)
    columns, centres, scales, design, occurs = design_of(panel)
    value = winsorised(panel.labels["value_currency"].to_numpy(float))
    model = TweedieRegressor(
        power=1.5, alpha=float(parameters["penalty"]), link="log", solver="newton-cholesky", max_iter=50
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(design, value, sample_weight=panel.weights())
    return linear_of(columns, centres, scales, model.coef_, occurs, float(model.intercept_), "log")


def fit_ridge(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear:
    """Fit net value as a ridge regression of past money and counts, in their own units.

    A sum of money follows from sums of money: no other scale keeps large spenders in proportion.
    """
    from sklearn.linear_model import Ridge

    columns = [name for name in (*panel.columns, *COLUMNS) if name in panel.features and _of_money(name)]
    values = panel.features[columns].to_numpy(float)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    centres = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - centres) ** 2, 0.0).sum(axis=0) / count)
    scales = np.where(spread > 1e-9, spread, 1.0)
    model = Ridge(alpha=float(parameters["penalty"]))
    design = standardise(values, centres, scales, squeezed=False)
    model.fit(
        design, winsorised(panel.labels["value_currency"].to_numpy(float)), sample_weight=panel.weights()
    )
    nothing = np.zeros(0, dtype=np.int64)
    fitted = linear_of(columns, centres, scales, model.coef_, nothing, float(model.intercept_), "positive")
    return replace(fitted, squeezed=False)


def _of_money(name: str) -> bool:
    return "_currency" in name or name.startswith(("orders", "order_days", "btyd_"))


def winsorised(value: np.ndarray, share: float = 0.999) -> np.ndarray:
    """Return values clipped to 0 from below and to their 99.9 % quantile: a training target, never a label."""
    return np.clip(value, 0.0, float(np.quantile(value, share)) if len(value) else 0.0)


def away_from_zero(value: np.ndarray, share: float = 0.01) -> np.ndarray:
    """Return values of which none above 0 is less than 1 % of their mean: a training target, never a label.

    A gamma loss sees ratios: a cent beside fifty would say as much as fifty beside a quarter of a million, and trees that
    follow it tell others several times the most that anyone spent.

    Examples
    --------
    >>> away_from_zero(np.array([0.0, 1e-9, 50.0, 100.0])).round(3).tolist()
    [0.0, 0.5, 50.0, 100.0]
    """
    above = value > 0
    return np.where(
        above, np.maximum(value, share * float(value[above].mean()) if above.any() else 0.0), value
    )


def linear_of(
    columns: list[str],
    centres: np.ndarray,
    scales: np.ndarray,
    weights: np.ndarray,
    occurs: np.ndarray,
    intercept: float,
    link: str,
) -> Linear:
    """Return the served part of coefficients: those of the columns, then those of the absences that occur."""
    absent = np.zeros(len(columns))
    absent[occurs] = weights[len(columns) :]

    def plain(values: np.ndarray) -> tuple[float, ...]:
        return tuple(float(value) for value in values)

    own = plain(weights[: len(columns)])
    return Linear(tuple(columns), plain(centres), plain(scales), own, plain(absent), intercept, link)


LOGISTIC = Learner(
    "logistic",
    "churn",
    "model",
    fit_logistic,
    {"inverse_penalty": 0.001},
    {"inverse_penalty": Range(1e-4, 0.1, log=True)},
)
RIDGE = Learner(
    "ridge",
    "lifetime_value",
    "model",
    fit_ridge,
    {"penalty": 1000.0},
    {"penalty": Range(10.0, 10_000.0, log=True)},
)
TWEEDIE = Learner(
    "tweedie_linear",
    "lifetime_value",
    "model",
    fit_tweedie,
    {"penalty": 0.1},
    {"penalty": Range(1e-2, 10.0, log=True)},
)
