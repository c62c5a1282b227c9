"""Reasons are the customer's own, told with the customer's own facts, in English and in Chinese."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.features.catalogue import build_catalogue
from tiercast.features.declare import Seen
from tiercast.serving.reason_templates import NO_SINGLE_REASON, TEMPLATES, TOLD_TOGETHER
from tiercast.serving.reasons import OUR_OWN_ACTS, Telling, contributions_from_facts, explain_rows, strongest
from tiercast.serving.refusals import UnknownChoice, WrongType

FAMILIES = [
    "rhythm", "volume", "value", "discount", "category", "store", "timing", "campaign", "coupon", "channel",
    "after_sales", "voice", "btyd",
]  # fmt: skip
FACTS = pd.DataFrame(
    {
        "days_since_purchase": [41.0],
        "gap_mean_days": [9.0],
        "orders_91d": [1.0],
        "orders_182d": [8.0],
        "spend_91d_currency": [12.4],
        "spend_182d_currency": [1234.5],
        "discount_share": [0.256],
        "categories": [1.0],
        "stores": [2.0],
        "coupons_redeemed": [1.0],
        "channels": [1.0],
        "returned_currency": [30.0],
        "satisfaction_share": [0.4],
        "order_days": [7.0],
        "orders_same_season": [3.0],
        "customer_age_days": [300.0],
        "active_periods_share": [0.25],
        "price_median_currency": [1250.0],
        "margin_share": [0.31],
        "products": [1.0],
        "rebought_lines_share": [0.8],
        "days_since_run_out": [4.0],
        "returned_share": [0.12],
        "days_since_complaint": [9.0],
        "contacts_since_answer": [3.0],
        "days_since_intent": [5.0],
        "episode_age_days": [14.0],
        "own_days_91d": [6.0],
        "days_since_enrolment": [200.0],
    }
)


def raised(**families: float) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(FAMILIES, 0.0) | families])


@pytest.mark.parametrize(
    ("family", "english", "chinese"),
    [
        ("rhythm", "no purchase for 41 days, usual gap 9 days", "已41天未购买，通常间隔9天"),
        ("volume", "1 order in the last 91 days, 8 in the last 182", "近91天1单，近182天8单"),
        ("value", "spent 12 in the last 91 days, 1,234 in the last 182", "近91天消费12，近182天消费1,234"),
        ("discount", "26% of the price came off as discount", "享受折扣占26%"),
        ("category", "buys from 1 category", "购买过1个品类"),
        ("store", "buys in 2 stores", "在2家门店购买"),
        ("timing", "when they buy, and the time of the year", "购买时间与季节"),
        ("coupon", "1 coupon redeemed", "已使用1张优惠券"),
        ("channel", "met through 1 channel", "通过1个渠道接触"),
        ("after_sales", "complained 9 days ago", "9天前投诉过"),
        ("response", "3 contacts without an answer", "连续3次触达未回应"),
        ("intent", "last sign of intent 5 days ago", "距上次购买意向5天"),
        ("episode", "14 days into their current decision", "本轮决策已14天"),
        ("engagement", "active on 6 of the last 91 days", "近91天有6天主动互动"),
        ("relationship", "a member for 200 days", "入会200天"),
        ("completeness", "how much is known of them", "客户资料的完整程度"),
        ("voice", "latest rating 40% of the best possible", "最近评分为满分的40%"),
        ("btyd", "no purchase for 41 days, usual gap 9 days", "已41天未购买，通常间隔9天"),
        ("season", "3 orders at this season a year ago", "去年同期3单"),
        ("calendar", "the time of the year", "所处时节"),
        (
            "tenure",
            "first bought 300 days ago, active in 25% of the months since",
            "首次购买于300天前，其后25%的月份有购买",
        ),
        ("price", "usually pays 1,250 a unit", "通常单价1,250"),
        ("margin", "a margin of 31% on what they buy", "所购商品毛利率31%"),
        ("product", "buys 1 product, 80% of the lines again", "购买过1种商品，其中80%为回购"),
        (
            "run_out",
            "what they bought ran out 4 days ago and was not bought again",
            "所购商品4天前已用完，尚未回购",
        ),
        ("returns", "returned 12% of what they bought", "退货占消费的12%"),
        ("weather", "weather", "weather相关情况"),
    ],
)
def test_each_family_is_told_with_the_customers_own_facts(family: str, english: str, chinese: str) -> None:
    assert explain_rows(raised(**{family: 1.0}), FACTS) == [english]
    assert explain_rows(raised(**{family: 1.0}), FACTS, "zh") == [chinese]


def test_what_the_marketer_did_is_never_the_customers_own_cause() -> None:
    assert explain_rows(raised(campaign=9.0), FACTS) == ["no single reason"]
    told = explain_rows(raised(campaign=9.0, rhythm=0.5), FACTS)
    assert told == ["no purchase for 41 days, usual gap 9 days"]
    assert not any(each.family == "campaign" for each in TEMPLATES)


def test_the_strongest_come_first_and_each_leads_the_next() -> None:
    told = explain_rows(raised(store=0.6, category=0.8, rhythm=2.0, voice=0.55), FACTS)
    assert told == ["no purchase for 41 days, usual gap 9 days; buys from 1 category"]
    told = explain_rows(raised(store=0.6, category=0.8, rhythm=2.0, voice=0.45), FACTS)
    assert told == ["no purchase for 41 days, usual gap 9 days; buys from 1 category; buys in 2 stores"]


def test_two_that_are_nearly_as_strong_are_no_single_reason() -> None:
    assert explain_rows(raised(store=0.8, category=0.75), FACTS) == [NO_SINGLE_REASON["en"]]
    close = Telling(least_lead=0.04)
    assert explain_rows(raised(store=0.8, category=0.75), FACTS, telling=close) == [
        "buys in 2 stores; buys from 1 category"
    ]


def test_families_that_tell_of_one_thing_are_added_up() -> None:
    assert explain_rows(raised(store=0.5, btyd=0.4, rhythm=0.3), FACTS)[0].startswith(
        "no purchase for 41 days"
    )
    assert explain_rows(raised(store=0.5, btyd=0.4, rhythm=-0.35), FACTS) == ["buys in 2 stores"]


def test_every_family_of_the_catalogue_is_told_in_both_languages_by_facts_of_the_catalogue() -> None:
    catalogue = build_catalogue(
        Seen.everything(channels=("web", "app"), categories=("tea",), regions=("north",), purposes=("news",))
    )
    known = {*catalogue.names, "days_since_purchase"}
    families = {*catalogue.families.values(), "btyd"} - catalogue.marketer_did
    assert catalogue.marketer_did == set(OUR_OWN_ACTS)
    for family in sorted(families):
        own = [each for each in TEMPLATES if each.family == TOLD_TOGETHER.get(family, family)]
        assert own, f"{family} has no template"
        assert not own[-1].facts, f"{family} has no sentence for when no fact is known"
        assert all({*each.facts} <= known for each in own), family
        assert all(re.search("[\u4e00-\u9fff]", each.zh) and each.en.isascii() for each in own), family
        for each in own:
            assert re.findall(r"{\d", each.en) == re.findall(r"{\d", each.zh), each.en


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-2, 2), min_size=13, max_size=13),
    st.lists(st.floats(-0.049, 0.049), min_size=13, max_size=13),
)
def test_a_small_shake_never_swaps_the_told_reason_for_another(
    values: list[float], shake: list[float]
) -> None:
    loose = Telling(least_share=0.0)
    before = strongest(pd.DataFrame([values], columns=FAMILIES), loose)
    after = strongest(
        pd.DataFrame([np.add(values, shake)], columns=FAMILIES).assign(btyd=values[-1], rhythm=values[0]),
        loose,
    )
    if before[2][0, 0]:
        assert after[1][0, 0] == before[1][0, 0]


def test_nothing_that_stands_out_is_no_single_reason() -> None:
    everything = dict.fromkeys(FAMILIES, 0.3) | {"btyd": 0.0}
    for contributions in (raised(), raised(rhythm=-2.0), raised(rhythm=0.01), raised(**everything)):
        assert explain_rows(contributions, FACTS) == [NO_SINGLE_REASON["en"]]
        assert explain_rows(contributions, FACTS, "zh") == [NO_SINGLE_REASON["zh"]]


def test_a_fact_that_is_unknown_is_not_told() -> None:
    known_less = FACTS.assign(gap_mean_days=np.nan)
    assert explain_rows(raised(rhythm=1.0), known_less) == ["no purchase for 41 days"]
    assert explain_rows(raised(voice=1.0), FACTS[["days_since_purchase"]]) == [
        "what they said, or did not say"
    ]


def test_who_never_bought_is_told_so() -> None:
    assert explain_rows(raised(rhythm=1.0), FACTS.assign(days_since_purchase=np.nan)) == [
        "has not bought yet"
    ]
    assert explain_rows(raised(), FACTS.assign(days_since_purchase=np.nan), "zh") == ["尚未购买"]


def test_unknown_contributions_count_as_nothing() -> None:
    assert explain_rows(raised() * np.nan, FACTS) == ["no single reason"]
    assert explain_rows(pd.DataFrame(index=range(1)), FACTS) == ["no single reason"]


def test_refusals_have_codes() -> None:
    with pytest.raises(UnknownChoice):
        explain_rows(raised(), FACTS, "fr")
    with pytest.raises(WrongType):
        explain_rows(raised(), pd.concat([FACTS, FACTS]))


def test_rows_of_different_families_do_not_mix_and_the_frames_are_not_changed() -> None:
    both = pd.concat([raised(rhythm=1.0), raised(store=1.0), raised()], ignore_index=True)
    seen = pd.concat([FACTS] * 3, ignore_index=True).assign(days_since_purchase=[41.0, 2.0, 3.0])
    kept = both.copy(deep=True), seen.copy(deep=True)
    assert explain_rows(both, seen) == [
        "no purchase for 41 days, usual gap 9 days",
        "buys in 2 stores",
        "no single reason",
    ]
    pd.testing.assert_frame_equal(both, kept[0])
    pd.testing.assert_frame_equal(seen, kept[1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.floats(-3, 3), st.just(float("nan"))), min_size=13, max_size=13))
def test_every_customer_is_told_something_in_both_languages(contributions: list[float]) -> None:
    row = pd.DataFrame([contributions], columns=FAMILIES)
    for language in ("en", "zh"):
        told = explain_rows(row, FACTS, language)
        assert len(told) == 1
        assert told[0]


def test_facts_alone_make_contributions_when_no_model_does() -> None:
    told = explain_rows(contributions_from_facts(FACTS.assign(spend_currency=600.0)), FACTS)[0]
    assert told.startswith(("spent 12", "no purchase for 41 days"))
    assert "no purchase for 41 days, usual gap 9 days" in told


@pytest.mark.parametrize("seen", [FACTS * np.nan, FACTS * 0.0, FACTS.iloc[:0], FACTS[[]], -FACTS])
def test_facts_that_are_unknown_or_nothing_make_finite_contributions(seen: pd.DataFrame) -> None:
    made = contributions_from_facts(seen)
    assert np.isfinite(made.to_numpy()).all()
    assert len(explain_rows(made, seen)) == len(seen)


def test_the_longer_the_silence_the_stronger_the_reason() -> None:
    seen = pd.concat([FACTS] * 3, ignore_index=True).assign(days_since_purchase=[5.0, 20.0, 60.0])
    assert contributions_from_facts(seen)["rhythm"].is_monotonic_increasing
