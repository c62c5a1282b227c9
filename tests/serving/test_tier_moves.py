"""The mover holds a promise: no flapping within the band, no haste, grace before a move down, and true changes are followed."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.tier_moves import days_of
from tiercast.serving.tiers import assign
from tiercast.tiers.pyramid import PYRAMID
from tiercast.tiers.value_tiers import VALUE_TIERS

START = datetime.date(2026, 3, 2)
GRACE, DWELL = VALUE_TIERS.grace_days, VALUE_TIERS.dwell_days


def customers(values: object, cutoff: datetime.date = START, **columns: object) -> pd.DataFrame:
    made = pd.DataFrame({"expected_value_currency": np.asarray(values, dtype=float)})
    return made.assign(
        days_since_purchase=5.0, interest_touchpoints=0.0, touchpoints=9.0, cutoff=cutoff, **columns
    )


FROZEN = json.loads(json.dumps(PYRAMID.freeze(customers(np.arange(1000.0)))))
"""Cuts at 989.5 (top, band 988.5-990.5), 949.5 (large, 944.5-954.5) and 799.5 (medium, 779.5-819.5)."""


def nights(values: list[float], *, step_days: int = 10, policy: dict | None = None) -> pd.DataFrame:
    """Score one customer night after night, remembering what the night before said."""
    told, past = [], {}
    for number, value in enumerate(values):
        cutoff = START + datetime.timedelta(days=step_days * number)
        row = assign(policy or FROZEN, customers([value], cutoff, **past)).iloc[0]
        past = {
            "tier_before": [row["tier"]],
            "tier_since_on": [row["tier_since_on"]],
            "tier_below_since_on": [row["tier_below_since_on"]],
        }
        told.append(row)
    return pd.DataFrame(told).reset_index(drop=True)


def test_a_move_down_waits_for_sixty_days_below_and_remembers_the_first_of_them() -> None:
    told = nights([999.0, *[900.0] * 8])
    assert told["tier"].tolist() == ["top"] * 7 + ["medium"] * 2
    assert told["tier_reason_code"].tolist()[1:8] == [
        *["HELD_BY_DWELL"] * 2,
        *["HELD_BY_GRACE"] * 4,
        "MOVED_DOWN",
    ]
    first_below = pd.Timestamp(START + datetime.timedelta(days=10))
    assert (told["tier_below_since_on"][1:7] == first_below).all()
    assert told["tier_below_since_on"][7:].isna().all()
    assert told["tier_since_on"][7] == pd.Timestamp(START + datetime.timedelta(days=70))


def test_one_night_within_the_band_starts_the_count_anew() -> None:
    told = nights([999.0, 900.0, 900.0, 900.0, 989.0, *[900.0] * 7])
    assert told["tier"].tolist() == ["top"] * 11 + ["medium"]
    assert pd.isna(told["tier_below_since_on"][4])


def test_a_move_up_waits_for_nothing_but_the_dwell() -> None:
    told = nights([900.0, 999.0, 999.0, 999.0])
    assert told["tier"].tolist() == ["medium", "medium", "medium", "top"]
    assert told["tier_reason_code"].tolist() == ["RULE", "HELD_BY_DWELL", "HELD_BY_DWELL", "MOVED_UP"]


def test_two_moves_are_never_closer_than_the_dwell() -> None:
    told = nights([900.0, *[999.0, 700.0] * 20], step_days=5)
    moved = told.index[told["tier_reason_code"].isin(["MOVED_UP", "MOVED_DOWN"])]
    assert len(moved)
    assert (np.diff(moved) * 5 >= DWELL).all()


def test_who_stops_buying_is_inactive_at_once_whatever_the_brakes() -> None:
    gone = customers([999.0], tier_before=["top"], tier_since_on=[START], tier_below_since_on=[None]).assign(
        days_since_purchase=400.0
    )
    told = assign(FROZEN, gone).iloc[0]
    assert (told["tier"], told["tier_reason_code"]) == ("inactive", "MOVED_AT_ONCE")
    assert told["tier_since_on"] == pd.Timestamp(START)


def one(value: float, **columns: object) -> pd.Series:
    return assign(FROZEN, customers([value], tier_before=["top"], **columns)).iloc[0]


def test_without_a_memory_of_first_days_below_the_grace_is_not_applied() -> None:
    told = one(900.0, tier_since_on=["2025-01-01"])
    assert (told["tier"], told["tier_reason_code"]) == ("medium", "MOVED_DOWN")


@pytest.mark.parametrize(
    ("below", "tier"),
    [
        (None, "top"),
        ("soon", "top"),
        ("2026-03-05", "top"),
        ("2026-01-02", "top"),
        ("2026-01-01", "medium"),
        (datetime.date(2025, 6, 1), "medium"),
    ],
)
def test_a_null_says_not_below_until_now_and_an_unreadable_or_future_day_is_null(
    below: object, tier: str
) -> None:
    told = one(900.0, tier_since_on=["2025-01-01"], tier_below_since_on=[below])
    assert told["tier"] == tier


def test_days_below_before_the_last_move_do_not_count() -> None:
    told = one(900.0, tier_since_on=["2026-01-20"], tier_below_since_on=["2025-06-01"])
    assert (told["tier"], told["tier_reason_code"]) == ("top", "HELD_BY_GRACE")
    assert told["tier_below_since_on"] == pd.Timestamp("2026-01-20")


def test_the_sentence_names_the_brake_in_both_languages() -> None:
    frame = customers([900.0], tier_before=["top"], tier_since_on=["2025-01-01"], tier_below_since_on=[None])
    said = {language: assign(FROZEN, frame, language=language)["tier_reason"][0] for language in ("en", "zh")}
    assert (
        said["en"]
        == "stays top customer: the rule alone says medium customer, but below for fewer than 60 days"
    )
    assert said["zh"] == "保持顶级客户：按规则应为中客户，但低于分界线不足60天"


def test_a_policy_of_an_older_version_without_a_grace_still_moves() -> None:
    old = {name: value for name, value in FROZEN.items() if name not in ("grace_days", "overlaps", "notes")}
    told = assign(old, customers([900.0], tier_before=["top"], tier_below_since_on=[None]))
    assert told["tier_reason_code"].tolist() == ["MOVED_DOWN"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_days_are_read_from_dates_texts_and_moments_alike(zone: str) -> None:
    moments = pd.Series(pd.to_datetime(["2026-03-02T10:00:00Z", None])).dt.tz_convert(zone)
    assert days_of(pd.DataFrame({"at": moments}), "at").astype(str).tolist() == ["2026-03-02", "NaT"]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 1000),
    st.sampled_from(["top", "large", "medium", "small"]),
    st.dates(datetime.date(2025, 6, 1), START),
    st.one_of(st.none(), st.dates(datetime.date(2025, 6, 1), START)),
)
def test_a_held_customer_keeps_the_day_of_the_move_and_a_moved_one_starts_anew(
    value: float, before: str, since: datetime.date, below: datetime.date | None
) -> None:
    told = assign(
        FROZEN,
        customers([value], tier_before=[before], tier_since_on=[since], tier_below_since_on=[below]),
    ).iloc[0]
    stays = told["tier"] == before
    assert told["tier_since_on"] == pd.Timestamp(since if stays else START)
    assert told["tier_basis"] == ("held" if stays else "moved")
    if not stays:
        assert START - since >= datetime.timedelta(days=DWELL)
        assert pd.isna(told["tier_below_since_on"])
    ranks = ["top", "large", "medium", "small"]
    raw = assign(FROZEN, customers([value]))["tier"][0]
    assert min(ranks.index(raw), ranks.index(before)) <= ranks.index(told["tier"])
    assert ranks.index(told["tier"]) <= max(ranks.index(raw), ranks.index(before))


STEP, CUTOFFS, CUSTOMERS = 15, 24, 10_000


def test_ten_thousand_customers_over_24_cutoffs_do_not_flap_and_true_changes_are_followed_in_time() -> None:
    chance = np.random.default_rng(11)
    value = chance.lognormal(3.0, 1.0, CUSTOMERS)
    frozen = VALUE_TIERS.freeze(pd.DataFrame({"expected_value_currency": value}))
    keys = [each["key"] for each in frozen["classes"]]
    change_at = 6
    truly = np.arange(CUSTOMERS) < 1000  # half of them rise, half of them fall, for good
    factor = np.where(truly, np.where(np.arange(CUSTOMERS) % 2 == 0, 4.0, 0.25), 1.0)
    rank = np.empty((CUTOFFS, CUSTOMERS), dtype=int)
    raw = np.empty_like(rank)
    memory: dict[str, object] = {}
    for number in range(CUTOFFS):
        level = value * chance.uniform(0.99, 1.01, CUSTOMERS) * (factor if number >= change_at else 1.0)
        frame = pd.DataFrame(
            {
                "expected_value_currency": level,
                "cutoff": pd.Timestamp(START) + pd.Timedelta(days=STEP * number),
                **memory,
            }
        )
        told = assign(frozen, frame)
        raw[number] = pd.Index(keys).get_indexer(assign(frozen, frame[["expected_value_currency"]])["tier"])
        rank[number] = pd.Index(keys).get_indexer(told["tier"])
        memory = {
            "tier_before": told["tier"],
            "tier_since_on": told["tier_since_on"],
            "tier_below_since_on": told["tier_below_since_on"],
        }
    calm = ~truly
    flaps = (np.diff(rank[:, calm], axis=0) != 0).sum()
    without = (np.diff(raw[:, calm], axis=0) != 0).sum()
    assert without > 1000
    assert flaps <= 0.05 * without

    sure = (
        truly.copy()
    )  # beyond every band by more than the wobble, before and after, so that nothing else can move them
    for moment in (1.0, factor):
        for side in ("lower", "upper"):
            for cut in frozen["cuts"].values():
                sure &= np.abs(value * moment / cut[side] - 1) > 0.02
                sure &= (value * moment > cut["lower"]) == (value * moment > cut["upper"])
    target = raw[-1]
    up, down = sure & (target < rank[change_at - 1]), sure & (target > rank[change_at - 1])
    assert up.sum() > 100
    assert down.sum() > 100
    assert (rank[change_at, up] == target[up]).all()
    wait = -(-GRACE // STEP)
    assert (rank[change_at + wait - 1, down] == rank[change_at - 1, down]).all()
    assert (rank[change_at + wait, down] == target[down]).all()
    assert (rank[change_at + wait :, sure] == target[sure]).all()
