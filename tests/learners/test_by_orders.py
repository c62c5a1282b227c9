"""Value as orders times spend: the spend of an order is learned from those who bought, each order counting once."""

import numpy as np
import pandas as pd
import pytest

from tests.path.world import small_panel
from tiercast.learners.by_orders import TIMES_BOOSTED, TIMES_SPEND
from tiercast.learners.learner import Panel, Setup
from tiercast.serving.blend import ORDERS_AHEAD
from tiercast.serving.btyd_stage import MEAN_SPEND
from tiercast.serving.parts import restore
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)


def world() -> Panel:
    """Return half the customers with orders of 10, few of them, and half with orders of 40, three each."""
    count = 4000
    rich = np.arange(count) % 2 == 1
    orders = np.where(np.arange(count) % 4 < 2, np.where(rich, 3.0, 1.0), 0.0)
    each = np.where(rich, 40.0, 10.0)
    features = pd.DataFrame(
        {"customer_id": [f"c{place}" for place in range(count)], "cutoff": np.datetime64("2025-01-01"), "rich": rich * 1.0}
    )  # fmt: skip
    labels = pd.DataFrame({"order_days_future": orders, "value_currency": orders * each})
    return Panel(features, labels, ("rich",))


def test_the_spend_of_an_order_is_learned_and_not_the_total() -> None:
    part = TIMES_BOOSTED.fit(world(), {**TIMES_BOOSTED.defaults, "learning_rate": 0.1}, SETUP)
    asked = pd.DataFrame({"rich": [0.0, 1.0, 1.0], ORDERS_AHEAD: [1.0, 1.0, 2.0]})
    said = part.predict(asked)
    np.testing.assert_allclose(said, [10.0, 40.0, 80.0], rtol=0.02)
    assert restore(part.to_json()).predict(asked).tolist() == said.tolist()


def test_an_order_counts_once_however_many_its_customer_has() -> None:
    blind = world()
    blind = Panel(blind.features.assign(rich=0.0), blind.labels, blind.columns)
    part = TIMES_BOOSTED.fit(blind, TIMES_BOOSTED.defaults, SETUP)
    said = part.predict(pd.DataFrame({"rich": [0.0], ORDERS_AHEAD: [1.0]}))
    np.testing.assert_allclose(said, [(1 * 10 + 3 * 40) / 4], rtol=0.01)


def test_where_nobody_paid_anything_value_is_nothing() -> None:
    free = world()
    free = Panel(free.features, free.labels.assign(value_currency=0.0), free.columns)
    part = TIMES_BOOSTED.fit(free, TIMES_BOOSTED.defaults, SETUP)
    assert part.predict(pd.DataFrame({"rich": [1.0], ORDERS_AHEAD: [2.0]})).tolist() == [0.0]


def test_a_spend_next_to_nothing_does_not_tell_others_more_than_anyone_spent() -> None:
    rng = np.random.default_rng(3)
    count = 2000
    features = pd.DataFrame(rng.normal(size=(count, 3)), columns=["a", "b", "c"])
    spent = np.where(features["a"] > 0, 1e-9, 50.0 * rng.gamma(2.0, 0.5, count))
    orders = rng.integers(1, 9, count).astype(float)
    told = features.assign(
        customer_id=[f"c{place}" for place in range(count)], cutoff=np.datetime64("2025-01-01")
    )
    labels = pd.DataFrame({"order_days_future": orders, "value_currency": orders * spent})
    wild = {**TIMES_BOOSTED.defaults, "min_child_samples": 20, "feature_fraction": 0.4}
    part = TIMES_BOOSTED.fit(Panel(told, labels, ("a", "b", "c")), wild, SETUP)
    said = part.predict(features.assign(**{ORDERS_AHEAD: 1.0}))
    assert said.max() < spent.max()
    assert np.average(said, weights=orders) == pytest.approx(np.average(spent, weights=orders), rel=0.2)


def test_what_a_negative_window_brought_is_no_spend() -> None:
    owed = world()
    owed.labels.loc[owed.labels.index % 4 == 1, "value_currency"] = -500.0
    part = TIMES_BOOSTED.fit(owed, TIMES_BOOSTED.defaults, SETUP)
    assert (part.predict(pd.DataFrame({"rich": [0.0, 1.0], ORDERS_AHEAD: 1.0})) > 0).all()


def test_times_the_mean_spend_of_the_stage_keeps_to_the_orders_of_others() -> None:
    rows = small_panel().features
    part = TIMES_SPEND.fit(small_panel(), {}, SETUP)
    said = part.predict(rows.assign(**{ORDERS_AHEAD: 2.0}))
    np.testing.assert_array_equal(said, 2.0 * rows[MEAN_SPEND].to_numpy(float))
