"""What is given back in full, or given away, is no money: learners of those who paid must not tell it of all who buy."""

import numpy as np
import pandas as pd
import pytest

from tiercast.learners.by_orders import TIMES_BOOSTED
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.learners.lognormal import LIGHTGBM_LOGNORMAL
from tiercast.learners.trees import LIGHTGBM_HURDLE
from tiercast.serving.blend import CHANCE_AHEAD, ORDERS_AHEAD
from tiercast.windows import Horizon

LEARNERS = [LIGHTGBM_HURDLE, LIGHTGBM_LOGNORMAL, TIMES_BOOSTED]


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_of_customers_of_whom_many_give_all_back_no_more_is_told_than_they_leave(learner: Learner) -> None:
    rng, count = np.random.default_rng(0), 4000
    bought = (rng.random(count) < 0.5) * 1.0
    brought = bought * (rng.random(count) < 0.7) * rng.gamma(4.0, 10.0, count)
    features = pd.DataFrame(
        {"customer_id": [f"c{place}" for place in range(count)], "x": rng.normal(size=count)}
    )
    features["cutoff"] = np.datetime64("2025-01-01")
    labels = pd.DataFrame({"purchased": bought, "order_days_future": bought, "value_currency": brought})
    part = learner.fit(Panel(features, labels, ("x",)), learner.defaults, Setup(Horizon(28), 7, 1))
    said = part.predict(features.assign(**{CHANCE_AHEAD: bought.mean(), ORDERS_AHEAD: bought.mean()}))
    assert said.sum() == pytest.approx(brought.sum(), rel=0.03)
