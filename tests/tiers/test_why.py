"""Why a tier, and what would change it: every way that is told is tried, and leads where it says."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.tiers import assign
from tiercast.tiers.declared import declared_policies
from tiercast.tiers.policy import Policy
from tiercast.tiers.pyramid import PYRAMID
from tiercast.tiers.why import explain_tier

CUTOFF = date(2026, 3, 2)
EVERY = declared_policies()


def frame(**columns: object) -> pd.DataFrame:
    names = sorted({each.name for policy in EVERY.values() for each in policy.inputs})
    made = pd.DataFrame({name: np.arange(1000.0) % (7 + 90 * place) for place, name in enumerate(names)})
    return made.assign(**columns)


def pyramid_row(value: float, **columns: object) -> pd.DataFrame:
    given = {"days_since_purchase": 5.0, "interest_touchpoints": 0.0, "touchpoints": 9.0, "cutoff": CUTOFF}
    return pd.DataFrame({"expected_value_currency": [value]}).assign(**(given | columns))


FROZEN = PYRAMID.freeze(
    pd.DataFrame(
        {"expected_value_currency": np.arange(1000.0), "days_since_purchase": 5.0, "interest_touchpoints": 0.0,
         "touchpoints": 9.0}
    )
)  # fmt: skip


@pytest.mark.parametrize("policy", EVERY.values(), ids=lambda each: each.name)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_every_way_leads_to_its_class_when_its_changes_are_made(policy: Policy, data: st.DataObject) -> None:
    seen = frame()
    frozen = policy.freeze(seen, currency="CNY")
    cell = st.one_of(st.just(np.nan), st.integers(0, 400).map(float))
    row = pd.DataFrame({each.name: [data.draw(cell)] for each in policy.inputs}).assign(cutoff=CUTOFF)
    told = explain_tier(frozen, row, language=data.draw(st.sampled_from(["en", "zh"])))
    assert told.tier == assign(frozen, row)["tier"][0]
    assert told.holds == ()
    for way in told.ways:
        changed = row.assign(**dict(way.changes))
        assert way.tier != told.tier
        assert assign(frozen, changed)["tier"][0] == way.tier, way.said
        if way.on is not None:
            wait = (way.on - CUTOFF).days
            later = row.assign(**{name: row[name] + wait for name, _ in way.changes})
            assert wait > 0
            assert assign(frozen, later)["tier"][0] == way.tier


def test_the_next_tier_the_rule_and_the_day_on_which_silence_moves_are_told() -> None:
    told = explain_tier(FROZEN, pyramid_row(900.0))
    assert (told.tier, told.next_tier, told.distance, told.distance_input) == (
        "medium", "large", 49.5, "expected_value_currency",
    )  # fmt: skip
    assert told.rule == "days since purchase < 366, expected value ≥ 799.50 (best 20%)"
    ways = {way.tier: way for way in told.ways}
    assert set(ways) == {"top", "large", "small", "inactive"}
    assert ways["inactive"].on == CUTOFF + timedelta(days=361)
    assert ways["small"].said == "small customer, if expected value < 799.50 (best 20%) (now 900)"


def test_the_brakes_that_hold_and_the_day_on_which_they_let_go_are_told() -> None:
    past = {"tier_before": "top", "tier_since_on": "2026-02-20", "tier_below_since_on": "2026-02-25"}
    told = explain_tier(FROZEN, pyramid_row(900.0, **past))
    assert (told.tier, told.tier_by_rule, told.reason_code) == ("top", "medium", "HELD_BY_DWELL")
    assert told.holds == (
        "dwell: no move before 2026-03-22",
        "grace: below since 2026-02-25, no move down before 2026-04-26",
    )
    assert {way.tier: way.on for way in told.ways}["medium"] == date(2026, 4, 26)
    zh = explain_tier(
        FROZEN, pyramid_row(989.0, tier_before="top", tier_since_on="2025-01-01"), language="zh"
    )
    assert zh.holds == ("缓冲带：在分界线±10%之内",)


def test_the_way_up_goes_beyond_the_band_for_whom_it_applies_to() -> None:
    new = {way.tier: dict(way.changes) for way in explain_tier(FROZEN, pyramid_row(980.0)).ways}
    known = explain_tier(FROZEN, pyramid_row(980.0, tier_before="large", tier_since_on="2025-01-01"))
    old = {way.tier: dict(way.changes) for way in known.ways}
    assert (new["top"], old["top"]) == (
        {"expected_value_currency": 989.5},
        {"expected_value_currency": 990.5},
    )
    assert old["medium"]["expected_value_currency"] < 944.5
