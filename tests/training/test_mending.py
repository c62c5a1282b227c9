"""A map of probabilities is applied only where two before it have proven to help."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving.rules import Column
from tiercast.training.backtest import Fits, at
from tiercast.training.mending import calibration_of
from tiercast.windows import Horizon

ORIGINS = tuple(date(2025, 1, 6) + timedelta(days=28 * step) for step in range(6))
PEOPLE = 3000


def _told(name: str) -> Any:
    def fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Column:
        return Column(name)

    return fit


LEARNERS = {"chance": Learner("chance", "churn", "model", _told("said"), {}, {})}


def _fits(bend: Mapping[date, float]) -> Fits:
    """Customers whose chance to buy is what was said, bent by so many logits."""
    chance = np.random.default_rng(11)
    frames, labels = [], []
    for origin in ORIGINS:
        said = chance.beta(2.0, 2.0, PEOPLE)
        truth = 1 / (1 + np.exp(-(np.log(said / (1 - said)) + bend.get(origin, 0.0))))
        bought = (chance.random(PEOPLE) < truth).astype(float)
        frames.append(
            pd.DataFrame(
                {
                    "customer_id": [f"c{each}" for each in range(PEOPLE)],
                    "cutoff": [origin] * PEOPLE,
                    "said": said,
                    "btyd_purchase_probability": said,
                }
            )
        )
        labels.append(
            pd.DataFrame(
                {
                    "purchased": bought,
                    "value_currency": bought,
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
    fits = _fits(dict.fromkeys(ORIGINS, -0.8))
    calibration = calibration_of(fits, "chance", **_newest(fits))
    assert calibration.kind != "identity"
    assert abs(float(calibration.calibrate(np.array([0.5]))[0]) - 1 / (1 + np.exp(0.8))) < 0.04


def test_a_bend_that_was_there_only_once_is_left_alone() -> None:
    fits = _fits({ORIGINS[-2]: -0.8})
    assert calibration_of(fits, "chance", **_newest(fits)).kind == "identity", (
        "nothing bent the window before"
    )
    fits = _fits({ORIGINS[-3]: 0.8, ORIGINS[-2]: -0.8})
    assert calibration_of(fits, "chance", **_newest(fits)).kind == "identity", (
        "the map before would have hurt"
    )


def test_what_helped_once_has_not_proven_to_last() -> None:
    lately = {ORIGINS[-4]: 0.4, ORIGINS[-3]: -0.8, ORIGINS[-2]: -0.8}
    assert calibration_of(_fits(lately), "chance", **_newest(_fits(lately))).kind == "identity"


def test_where_there_is_no_older_window_nothing_is_mended() -> None:
    fits = _fits(dict.fromkeys(ORIGINS, -0.8))
    for place in (1, 2):  # none, and one: too few to prove anything
        first = {"known_until": ORIGINS[place], "window": at(fits.panel, ORIGINS[place])}
        assert calibration_of(fits, "chance", **first).kind == "identity"
