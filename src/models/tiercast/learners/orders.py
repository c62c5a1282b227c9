"""Expected orders: on how many days will they buy within the window? A Poisson mean on the BTYD stage's offset."""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import BlendOf, Learner, Panel, Setup
from tiercast.learners.trees import ON_OFFSET, SPACE, boosted
from tiercast.serving.btyd_stage import EXPECTED_ORDERS, LOG_ORDERS
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
    count = panel.labels["order_days_future"].to_numpy(float)
    most = float(np.quantile(count, 0.9995)) if len(count) else 0.0
    return boosted(
        panel,
        np.minimum(count, max(most, 1.0)),
        {"objective": "poisson"},
        "log",
        parameters,
        setup,
        LOG_ORDERS,
    )


PAST_RATE = Learner("past_rate", "orders", "rule", fit_past_rate, {"prior_days": 60.0}, {})
BTYD_ORDERS = Learner("btyd_orders", "orders", "btyd", fit_btyd_orders, {}, {})
POISSON_ON_BTYD = Learner(
    "lightgbm_poisson_on_btyd", "orders", "model", fit_poisson_on_btyd, {**ON_OFFSET, "rounds": 100}, SPACE
)
ORDERS_BLEND = BlendOf("orders_blend", "orders", ("btyd_orders", "lightgbm_poisson_on_btyd"), "identity")
