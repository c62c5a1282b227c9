"""Expected orders: on how many days will they buy within the window? Poisson means, on the BTYD stage's offset and free."""

import warnings
from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Range, Setup, constant, sampled
from tiercast.learners.linear import MOST_ROWS as LINEAR_ROWS
from tiercast.learners.linear import design_of, linear_of
from tiercast.learners.trees import DEFAULTS, ON_OFFSET, SPACE, boosted
from tiercast.serving.btyd_stage import EXPECTED_ORDERS, LOG_ORDERS
from tiercast.serving.linear import Linear
from tiercast.serving.rules import Column, PastSpend, RateTable
from tiercast.serving.trees import Trees


def fit_past_rate(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> PastSpend:
    """Fit past order days a day of relationship, shrunk to the mean of all, at the level of the panel."""
    count = panel.features["order_days"].to_numpy(float)
    age = panel.features["customer_age_days"].to_numpy(float)
    rate = float(count.sum() / max(age.sum(), 1.0))
    rule = PastSpend(setup.horizon.days, float(parameters["prior_days"]), rate, 1.0, "order_days")
    predicted = float(rule.predict(panel.features).sum())
    actual = float(panel.labels["order_days_future"].to_numpy(float).sum())
    level = float(np.clip(actual / predicted, 0.1, 10.0)) if predicted > 0 else 1.0
    return PastSpend(rule.horizon_days, rule.prior_days, rule.mean_daily_currency, level, rule.column)


def fit_btyd_orders(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
    """Answer with the stage's expected orders."""
    return Column(EXPECTED_ORDERS)


def fit_poisson_on_btyd(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit what BTYD's expected orders miss: their log is the offset of a Poisson loss."""
    return boosted(panel, _count(panel), {"objective": "poisson"}, "log", parameters, setup, LOG_ORDERS)


def fit_poisson(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Trees | RateTable:
    """Fit a Poisson mean to all features, the stage's answers among them: free to leave them where they mislead."""
    return boosted(panel, _count(panel), {"objective": "poisson"}, "log", parameters, setup)


def fit_poisson_linear(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Fit a log-linear Poisson mean with an L2 penalty."""
    from sklearn.linear_model import PoissonRegressor

    rows = sampled(panel, LINEAR_ROWS, setup.seed)
    count = _count(rows)
    if not (count > 0).any():
        return constant(0.0)
    columns, centres, scales, design, occurs = design_of(rows)
    model = PoissonRegressor(alpha=float(parameters["penalty"]), solver="newton-cholesky", max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unfinished fit is still a candidate, and judged
        model.fit(design, count, sample_weight=rows.weights())
    return linear_of(columns, centres, scales, model.coef_, occurs, float(model.intercept_), "log")


def _count(panel: Panel) -> np.ndarray:
    count = panel.labels["order_days_future"].to_numpy(float)
    most = float(np.quantile(count, 0.9995)) if len(count) else 0.0
    return np.asarray(np.minimum(count, max(most, 1.0)))


PAST_RATE = Learner("past_rate", "orders", "rule", fit_past_rate, {"prior_days": 60.0}, {})
BTYD_ORDERS = Learner("btyd_orders", "orders", "btyd", fit_btyd_orders, {}, {})
POISSON_ON_BTYD = Learner(
    "lightgbm_poisson_on_btyd", "orders", "model", fit_poisson_on_btyd, {**ON_OFFSET, "rounds": 100}, SPACE
)
POISSON = Learner("lightgbm_poisson", "orders", "model", fit_poisson, DEFAULTS, SPACE)
POISSON_LINEAR = Learner(
    "poisson_linear",
    "orders",
    "model",
    fit_poisson_linear,
    {"penalty": 0.03},
    {"penalty": Range(1e-3, 3.0, log=True)},
)
