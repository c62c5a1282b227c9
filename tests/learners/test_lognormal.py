"""A lognormal's mean, not its median, is told: of everybody, and of each kind of customer."""

import numpy as np
import pandas as pd
import pytest

from tests.path.world import small_panel
from tiercast.learners.learner import Panel, Setup
from tiercast.learners.lognormal import LIGHTGBM_LOGNORMAL
from tiercast.serving.blend import CHANCE_AHEAD
from tiercast.serving.parts import restore
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)
SPREAD = 0.8


def world(unit: float) -> Panel:
    """Return customers of whom half buy: the rich for a median of 90 units, the others of 15, both with spread .8."""
    count = 8000
    rng = np.random.default_rng(5)
    rich = np.arange(count) % 2 == 1
    spent = unit * np.where(rich, 90.0, 15.0) * np.exp(SPREAD * rng.normal(size=count))
    features = pd.DataFrame(
        {"customer_id": [f"c{place}" for place in range(count)], "cutoff": np.datetime64("2025-01-01"), "rich": rich * 1.0}
    )  # fmt: skip
    bought = np.arange(count) % 4 < 2
    labels = pd.DataFrame({"purchased": bought * 1.0, "value_currency": np.where(bought, spent, 0.0)})
    return Panel(features, labels, ("rich",))


@pytest.mark.parametrize("unit", [0.001, 1.0, 1000.0])
def test_what_is_told_is_the_mean_of_a_lognormal_in_any_currency(unit: float) -> None:
    part = LIGHTGBM_LOGNORMAL.fit(world(unit), {**LIGHTGBM_LOGNORMAL.defaults, "rounds": 400}, SETUP)
    asked = pd.DataFrame({"rich": [0.0, 1.0, 1.0], CHANCE_AHEAD: [1.0, 1.0, 0.5]})
    said = part.predict(asked)
    truth = unit * np.exp(SPREAD**2 / 2) * np.array([15.0, 90.0, 45.0])
    np.testing.assert_allclose(said, truth, rtol=0.06)
    assert (said > 1.2 * truth * np.exp(-(SPREAD**2) / 2)).all()  # not the median
    assert restore(part.to_json()).predict(asked).tolist() == said.tolist()


def test_where_nobody_paid_anything_value_is_nothing() -> None:
    free = world(1.0)
    free = Panel(free.features, free.labels.assign(value_currency=-3.0), free.columns)
    part = LIGHTGBM_LOGNORMAL.fit(free, LIGHTGBM_LOGNORMAL.defaults, SETUP)
    assert part.predict(pd.DataFrame({"rich": [1.0], CHANCE_AHEAD: [0.9]})).tolist() == [0.0]


def test_all_buyers_alike_are_told_what_they_paid() -> None:
    alike = world(1.0)
    alike = Panel(alike.features, (alike.labels > 0) * 7.0, alike.columns)
    part = LIGHTGBM_LOGNORMAL.fit(alike, LIGHTGBM_LOGNORMAL.defaults, SETUP)
    np.testing.assert_allclose(
        part.predict(pd.DataFrame({"rich": [1.0], CHANCE_AHEAD: [1.0]})), [7.0], rtol=1e-6
    )


def test_a_fit_is_repeatable() -> None:
    rows = small_panel()
    first, again = (LIGHTGBM_LOGNORMAL.fit(rows, LIGHTGBM_LOGNORMAL.defaults, SETUP) for _ in range(2))
    assert first.to_json() == again.to_json()
    assert np.isfinite(first.predict(rows.features.assign(**{CHANCE_AHEAD: 0.5}))).all()
