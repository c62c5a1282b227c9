"""Prospects have a chance and a date that lie on one curve; buyers and strangers have neither."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.path.world import CUTOFF, World
from tiercast.registry import Store, bundle_folder
from tiercast.serving.bundle import Bundle, open_bundle
from tiercast.serving.conversion import Conversion
from tiercast.serving.parts import restore
from tiercast.serving.rules import SurvivalTable

DAYS = (7, 30, 90, 182)


def part(
    survival: tuple[float, ...] = (0.8, 0.6, 0.4, 0.3), *, horizon: int = 28, level: float = 1.0
) -> Conversion:
    table = SurvivalTable("days_since_first_touchpoint", (60.0,), DAYS, (survival, tuple(0.9 for _ in DAYS)))
    return Conversion(table, level, horizon, 0, "rule")


def seen(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"touchpoints": [2.0], "order_days": [0.0], "days_since_first_touchpoint": [5.0]} | columns
    )


def test_only_prospects_with_a_history_are_told_anything() -> None:
    rows = pd.concat(
        [
            seen(),
            seen(order_days=[1.0]),
            seen(touchpoints=[np.nan]),
            seen(days_since_first_touchpoint=[100.0]),
        ],
        ignore_index=True,
    )
    before = rows.copy(deep=True)
    told = part().predict(rows)
    pd.testing.assert_frame_equal(rows, before)
    assert told["conversion_probability"].notna().tolist() == [True, False, False, True]
    assert told["conversion_median_days"].notna().tolist() == [True, False, False, False]
    assert part().predict(rows.iloc[:0]).shape == (0, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.02, 0.99), min_size=4, max_size=4), st.integers(1, 182), st.floats(0.7, 1.4))
def test_the_median_lies_within_the_horizon_exactly_when_the_chance_is_even(
    steps: list[float], horizon: int, level: float
) -> None:
    curve = tuple(float(each) for each in np.cumprod(steps))
    told = part(curve, horizon=horizon, level=level).predict(seen()).iloc[0]
    median = told["conversion_median_days"]
    assert (median <= horizon) == (told["conversion_probability"] >= 0.5 - 1e-9)


def test_a_longer_horizon_and_a_higher_level_never_lower_the_chance() -> None:
    chances = [part(horizon=days).predict(seen()).iloc[0, 0] for days in (1, 7, 28, 90, 182, 365)]
    assert chances == sorted(chances)
    assert part(level=1.4).predict(seen()).iloc[0, 0] > part().predict(seen()).iloc[0, 0]


def test_json_brings_it_back() -> None:
    again = restore(json.loads(json.dumps(part().to_json())))
    assert again == part()
    pd.testing.assert_frame_equal(again.predict(seen()), part().predict(seen()))


@pytest.fixture(scope="module")
def bundles(trained_world: World) -> tuple[Bundle, Bundle]:
    """Return a version without conversion, and the same with a curve on which everybody waits 10 days on the average."""
    plain = open_bundle(bundle_folder(Store(trained_world.uri, None), "2"))
    table = SurvivalTable(
        "days_since_touchpoint", (), DAYS, (tuple(float(np.exp(-day / 10)) for day in DAYS),)
    )
    parts = json.loads((bundle_folder(Store(trained_world.uri, None), "2") / "parts.json").read_text("utf-8"))
    told = Conversion(table, 1.0, plain.forecast.horizon_days, 0, "rule").to_json()
    more = Bundle(
        manifest=plain.manifest, parts={**parts, "conversion": told}, features_sql=plain.features_sql,
        contract_sql=plain.contract_sql,
    )  # fmt: skip
    return plain, more


def test_the_scorecard_tells_prospects_and_never_buyers(
    bundles: tuple[Bundle, Bundle], trained_world: World
) -> None:
    plain, more = bundles
    rows = trained_world.touchpoints(["c0001", "c0002", "never1", "never2"])
    before, after = (bundle.predict(rows, cutoff=CUTOFF).set_index("customer_id") for bundle in bundles)
    assert before[["conversion_probability", "conversion_on"]].isna().all().all()
    buyers, waiting = ["c0001", "c0002"], ["never1", "never2"]
    assert after.loc[buyers, ["conversion_probability", "conversion_on"]].isna().all().all()
    chance = 1 - np.exp(-more.forecast.horizon_days / 10)
    np.testing.assert_allclose(after.loc[waiting, "conversion_probability"].astype(float), chance)
    assert after.loc[waiting, "conversion_on"].tolist() == [CUTOFF + timedelta(days=6)] * 2, (
        "day 7 is the 6th after"
    )
    assert isinstance(after.loc["never1", "conversion_on"], date)
    others = [name for name in before if not name.startswith("conversion_")]
    pd.testing.assert_frame_equal(before[others], after[others])
    assert plain.manifest["conversion"]["basis"] == "refused:CONVERSION_NOT_TRAINABLE"
    assert plain.manifest["reason_templates"] == plain.telling.templates_version
