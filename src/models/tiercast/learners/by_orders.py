"""Value as orders times spend: how often they come is what the learners of orders say, here is what they bring each time.

Totals of money are heavy in the tail: a few customers move the level that a learner of totals finds, and a boosted one, told to
look away from them, finds too little. Counts have no such tail, and the spend of a purchase hardly changes with the horizon.
"""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.learners.linear import away_from_zero, winsorised
from tiercast.learners.trees import DEFAULTS, SPACE, boosted, paid_share, raised
from tiercast.serving.blend import PerOrder
from tiercast.serving.btyd_stage import MEAN_SPEND
from tiercast.serving.rules import Column


def fit_orders_times_spend(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> PerOrder:
    """Answer with expected orders times the mean spend of the Gamma-Gamma model (Fader & Hardie 2013)."""
    return PerOrder(Column(MEAN_SPEND))


def fit_orders_times_boosted(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> PerOrder:
    """Fit the spend of an order day of those who bought (gamma loss), each day counting once; orders come from elsewhere."""
    orders = panel.labels["order_days_future"].to_numpy(float)
    brought = panel.labels["value_currency"].to_numpy(float)
    bought = (orders > 0) & (brought > 0)
    each = np.zeros(len(panel))
    each[bought] = away_from_zero(winsorised(brought[bought] / orders[bought]))
    objective = {"objective": "gamma"}
    part = boosted(panel, each, objective, "log", parameters, setup, only=bought, heft=orders)
    return PerOrder(raised(part, float(np.log(paid_share(orders, bought, panel.weights())))))


TIMES_SPEND = Learner("orders_times_spend", "lifetime_value", "model", fit_orders_times_spend, {}, {})
TIMES_BOOSTED = Learner(
    "orders_times_lightgbm_spend", "lifetime_value", "model", fit_orders_times_boosted, DEFAULTS, SPACE
)
