"""A map of probabilities and a factor of the level are applied only where two before them have proven to help."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving.blend import PerOrder
from tiercast.serving.rules import Column
from tiercast.training.backtest import Fits, at
from tiercast.training.mending import calibration_of, level_of
from tiercast.windows import Horizon

ORIGINS = tuple(date(2025, 1, 6) + timedelta(days=28 * step) for step in range(6))
PEOPLE = 3000


def _told(name: str) -> Any:
    def fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
        return Column(name)

    return fit


LEARNERS = {
    "chance": Learner("chance", "churn", "model", _told("said"), {}, {}),
    "value": Learner("value", "lifetime_value", "model", _told("value_said"), {}, {}),
    "orders": Learner("orders", "orders", "model", _told("said"), {}, {}),
    "per_order": Learner(
        "per_order", "lifetime_value", "model", lambda *_: PerOrder(Column("value_said")), {}, {}
    ),
}


def _fits(bend: Mapping[date, float], level: Mapping[date, float]) -> Fits:
    """Customers whose chance to buy is what was said, bent by so many logits, and whose spend is off by a factor."""
    chance = np.random.default_rng(11)
    frames, labels = [], []
    for origin in ORIGINS:
        said = chance.beta(2.0, 2.0, PEOPLE)
        truth = 1 / (1 + np.exp(-(np.log(said / (1 - said)) + bend.get(origin, 0.0))))
        bought = (chance.random(PEOPLE) < truth).astype(float)
        value = 100.0 * said
        frames.append(
            pd.DataFrame(
                {
                    "customer_id": [f"c{each}" for each in range(PEOPLE)],
                    "cutoff": [origin] * PEOPLE,
                    "said": said,
                    "value_said": value,
                    "btyd_purchase_probability": said,
                }
            )
        )
        labels.append(
            pd.DataFrame(
                {
                    "purchased": bought,
                    "value_currency": value * level.get(origin, 1.0) * chance.lognormal(0.0, 0.2, PEOPLE),
                    "order_days_future": bought,
                    "days_to_purchase": np.where(bought > 0, 3.0, np.nan),
                    "observed_days": 28.0,
                }
            )
        )
    panel = Panel(pd.concat(frames, ignore_index=True), pd.concat(labels, ignore_index=True), ("said",))
    return Fits(panel, LEARNERS, {}, {name: {} for name in LEARNERS}, Setup(Horizon(28), 7, 1))


def _newest(fits: Fits) -> dict[str, Any]:
    return {"known_until": ORIGINS[-2], "window": at(fits.panel, ORIGINS[-2])}


def test_a_bend_that_lasts_is_mended() -> None:
    fits = _fits(dict.fromkeys(ORIGINS, -0.8), {})
    calibration = calibration_of(fits, "chance", **_newest(fits))
    assert calibration.kind != "identity"
    assert abs(float(calibration.calibrate(np.array([0.5]))[0]) - 1 / (1 + np.exp(0.8))) < 0.04


def test_a_bend_that_was_there_only_once_is_left_alone() -> None:
    fits = _fits({ORIGINS[-2]: -0.8}, {})
    assert calibration_of(fits, "chance", **_newest(fits)).kind == "identity", (
        "nothing bent the window before"
    )
    fits = _fits({ORIGINS[-3]: 0.8, ORIGINS[-2]: -0.8}, {})
    assert calibration_of(fits, "chance", **_newest(fits)).kind == "identity", (
        "the map before would have hurt"
    )


def test_what_helped_once_has_not_proven_to_last() -> None:
    lately = {ORIGINS[-4]: 0.4, ORIGINS[-3]: -0.8, ORIGINS[-2]: -0.8}
    assert calibration_of(_fits(lately, {}), "chance", **_newest(_fits(lately, {}))).kind == "identity"
    fits = _fits({}, {ORIGINS[-4]: 0.8, ORIGINS[-3]: 1.3, ORIGINS[-2]: 1.3})
    newest = _newest(fits)
    value = newest["window"].features["value_said"].to_numpy()
    assert level_of(fits, "value", "orders", **newest, value=value) == 1.0


def test_where_there_is_no_older_window_nothing_is_mended() -> None:
    fits = _fits(dict.fromkeys(ORIGINS, -0.8), dict.fromkeys(ORIGINS, 1.3))
    for place in (1, 2):  # none, and one: too few to prove anything
        first = {"known_until": ORIGINS[place], "window": at(fits.panel, ORIGINS[place])}
        assert calibration_of(fits, "chance", **first).kind == "identity"
        value = first["window"].features["value_said"].to_numpy()
        assert level_of(fits, "value", "orders", **first, value=value) == 1.0


def test_a_level_that_lasts_is_mended_and_one_that_turns_is_not() -> None:
    lasting = _fits({}, dict.fromkeys(ORIGINS, 1.3))
    newest = _newest(lasting)
    value = newest["window"].features["value_said"].to_numpy()
    assert abs(level_of(lasting, "value", "orders", **newest, value=value) - 1.3) < 0.03
    turning = _fits({}, {ORIGINS[-3]: 1.3, ORIGINS[-2]: 0.8})
    assert level_of(turning, "value", "orders", **_newest(turning), value=value) == 1.0


def test_a_factor_that_helps_a_little_has_proven_nothing() -> None:
    fits = _fits({}, {ORIGINS[-4]: 1.05, ORIGINS[-3]: 1.05, ORIGINS[-2]: 1.3})
    newest = _newest(fits)
    value = newest["window"].features["value_said"].to_numpy()
    assert level_of(fits, "value", "orders", **newest, value=value) == 1.0, (
        "1.05 is nearer to 1.3 than 1 is, by a sixth"
    )


def test_the_level_of_orders_times_spend_is_tried_with_the_orders_that_were_said() -> None:
    fits = _fits({}, dict.fromkeys(ORIGINS, 0.8))
    newest = _newest(fits)
    said = newest["window"].features["said"].to_numpy()
    value = said * newest["window"].features["value_said"].to_numpy()
    factor = level_of(fits, "per_order", "orders", **newest, value=value)
    spent = newest["window"].labels["value_currency"].sum()
    assert factor == spent / value.sum()
    assert abs(factor - 4 / 3) < 0.05, (
        "80 s was spent and 100 s² said, of s with mean 1/2 and mean square 3/10"
    )
