"""The naive last window: what customers did in the last days as long as the horizon, they will do again."""

from collections.abc import Mapping

from tiercast.features.declare import WINDOWS_DAYS
from tiercast.learners.learner import Learner, Panel, Setup, constant
from tiercast.serving.linear import Linear
from tiercast.serving.rules import RateTable


def window_of(horizon_days: int) -> int:
    """Return the window of the features that a horizon is read from: the shortest that holds it, or the longest there is.

    Examples
    --------
    >>> window_of(28), window_of(30), window_of(365)
    (28, 56, 364)
    """
    return next((days for days in WINDOWS_DAYS if days >= horizon_days), WINDOWS_DAYS[-1])


def fit_value(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Answer with the gross spend of the last window, in proportion where window and horizon differ."""
    return _again(panel, "spend_{}d_currency", setup)


def fit_orders(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Answer with the days with a purchase in the last window, in proportion where window and horizon differ."""
    return _again(panel, "order_days_{}d", setup)


def _again(panel: Panel, name: str, setup: Setup) -> Linear | RateTable:
    """Return the column times horizon over window; nothing is fitted. A panel without it has nothing to repeat: 0."""
    days = window_of(setup.horizon.days)
    column = name.format(days)
    if column not in panel.features:
        return constant(0.0)
    share = setup.horizon.days / days
    return Linear((column,), (0.0,), (1.0,), (share,), (0.0,), 0.0, "positive", squeezed=False)


LAST_WINDOW_VALUE = Learner("last_window", "lifetime_value", "rule", fit_value, {}, {})
LAST_WINDOW_ORDERS = Learner("last_window_orders", "orders", "rule", fit_orders, {}, {})
