"""A tier policy is refused when it contradicts itself, and freezes to plain JSON."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.serving.conditions import BadRule, Condition, matches, share_cut
from tiercast.serving.refusals import MissingColumns, Refused
from tiercast.serving.tiers import assign
from tiercast.tiers.declared import declared_policies
from tiercast.tiers.playbook import PARTS
from tiercast.tiers.policy import BadPolicy, Cut, Input, Policy, Rule, TierClass, thaw
from tiercast.tiers.pyramid import PYRAMID
from tiercast.tiers.terms import Terms

ORDERS = Input("orders", "orders", "订单数")
SHIPPED = pytest.mark.parametrize("policy", declared_policies().values(), ids=lambda each: each.name)
GOOD = TierClass("good", "good", "好", "thank", "致谢", "orders")
FAIR = TierClass("fair", "fair", "中", "remind", "提醒", "orders")
OTHER = TierClass("other", "other", "其他", "nothing", "无")


def small_policy(*rules: Rule, **changes: object) -> Policy:
    parts: dict = {
        "name": "mine",
        "version": "1",
        "classes": (GOOD, FAIR, OTHER),
        "inputs": (ORDERS,),
        "rules": (*rules, Rule("other")),
        "cuts": (Cut("many", "orders", 0.1), Cut("some", "orders", 0.5)),
    }
    return Policy(**{**parts, **changes})


def at_least(cut: str) -> tuple[Condition, ...]:
    return (Condition("orders", ">=", cut=cut),)


def test_a_sound_policy_is_accepted() -> None:
    assert small_policy(Rule("good", at_least("many")), Rule("fair", at_least("some"))).name == "mine"


def test_a_policy_that_leaves_somebody_without_a_tier_is_refused() -> None:
    with pytest.raises(BadPolicy, match="the last rule must be `other`"):
        small_policy(rules=(Rule("good", at_least("many")), Rule("fair", at_least("some"))))


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ((Rule("better", at_least("many")),), "the rule better names no class"),
        ((Rule("good", (Condition("smiles", ">=", 1),)),), "reads smiles, which is not an input"),
        ((Rule("good", at_least("lots")),), "the cut lots, which is not declared"),
        ((Rule("fair", at_least("some")), Rule("good", at_least("many"))), "best first"),
        ((Rule("good", at_least("many")),), "best first, and leave none without a rule"),
        (
            (Rule("good", at_least("some")), Rule("fair", at_least("many"))),
            "the rule fair can never be reached",
        ),
        (
            (Rule("good", (Condition("orders", "is_known"),)), Rule("fair", at_least("many"))),
            "fair can never be reached",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_the_name_of_the_rule(
    rules: tuple[Rule, ...], sentence: str
) -> None:
    with pytest.raises(BadPolicy, match=sentence):
        small_policy(*rules)


@pytest.mark.parametrize("share", [0.0, 1.0, 1.2, -0.1])
def test_a_quota_outside_0_to_100_percent_is_refused(share: float) -> None:
    with pytest.raises(BadPolicy, match="share between 0 and 1"):
        small_policy(
            Rule("good", at_least("many")),
            Rule("fair", at_least("some")),
            cuts=(Cut("many", "orders", share),),
        )


def test_a_cut_of_another_input_is_refused() -> None:
    with pytest.raises(BadPolicy, match="compares spend with a cut of orders"):
        small_policy(
            Rule("good", (Condition("spend", ">=", cut="many"),)),
            Rule("fair", at_least("some")),
            inputs=(ORDERS, Input("spend", "spend", "消费")),
        )


def test_names_declared_twice_are_refused() -> None:
    with pytest.raises(BadPolicy, match="the class good is declared twice"):
        small_policy(Rule("good", at_least("many")), classes=(GOOD, GOOD, OTHER))


@pytest.mark.parametrize(
    "condition",
    [
        ("orders", "=>", 1.0),
        ("orders", ">="),
        ("orders", "is_known", 1.0),
        ("orders", "<", "a"),
        ("o", "<", np.inf),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(condition: tuple) -> None:
    with pytest.raises(BadRule):
        Condition(*condition)


@SHIPPED
def test_a_frozen_policy_is_plain_json_with_a_playbook_in_two_languages(policy: Policy) -> None:
    names = [each.name for each in policy.inputs]
    frozen = policy.freeze(pd.DataFrame({name: np.arange(1.0, 101.0) for name in names}))
    assert json.loads(json.dumps(frozen, allow_nan=False)) == json.loads(json.dumps(frozen))
    assert {"policy", "version", "rules", "cuts", "classes", "inputs", "band_share", "dwell_days"} <= set(
        frozen
    )
    for each in frozen["classes"]:
        assert each["name_en"]
        assert each["name_zh"]
        for language in ("en", "zh"):
            assert all(each[f"playbook_{language}"][part] for part in PARTS), each["key"]
            assert all(
                given.isascii() == (language == "en") for given in each[f"playbook_{language}"].values()
            )
    assert thaw(frozen) == policy


@SHIPPED
def test_nobody_to_rank_freezes_cuts_that_nobody_reaches_and_says_so(policy: Policy) -> None:
    names = [each.name for each in policy.inputs]
    for frame in (
        pd.DataFrame(columns=names, dtype=float),
        pd.DataFrame(np.nan, index=range(5), columns=names),
    ):
        frozen = policy.freeze(frame)
        assert all(cut["value"] is None and cut["population"] == 0 for cut in frozen["cuts"].values())
        assert len(frozen["notes"]) == len(policy.cuts)


def test_all_equal_values_freeze_cuts_that_nobody_reaches() -> None:
    frozen = small_policy(Rule("good", at_least("many")), Rule("fair", at_least("some"))).freeze(
        pd.DataFrame({"orders": [3.0] * 50})
    )
    assert [cut["value"] for cut in frozen["cuts"].values()] == [None, None]


def test_freezing_without_a_required_input_is_refused() -> None:
    with pytest.raises(MissingColumns, match="needs orders"):
        small_policy(Rule("good", at_least("many")), Rule("fair", at_least("some"))).freeze(
            pd.DataFrame({"a": [1.0]})
        )


def test_every_refusal_has_a_code_and_an_exit_code() -> None:
    with pytest.raises(Refused) as refused:
        Terms(pyramid_shares=(0.9, 0.2, 0.1))
    assert refused.value.code == "BAD_POLICY"
    assert refused.value.exit_code == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Terms(active_days=0),
        lambda: Terms(pyramid_shares=(0.0, 0.1, 0.1)),
        lambda: Terms(volume="smiles"),
        lambda: Terms(volume_shares=(0.6, 0.4)),
        lambda: Terms(satisfaction_high_from=0.4),
        lambda: Terms(leader_share=0.7, intent_share=0.4),
        lambda: Terms(price_high={"EUR": 50.0}),
        lambda: Terms(price_high={"CNY": 100.0}),
        lambda: replace(PYRAMID, grace_days=-1),
        lambda: replace(PYRAMID, overlaps="perhaps"),
        lambda: replace(PYRAMID, band_share=1.0),
        lambda: replace(PYRAMID, dwell_days=-1),
    ],
)
def test_parameters_out_of_range_are_refused(make) -> None:
    with pytest.raises(BadPolicy):
        make()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=60), st.floats(0.01, 0.99))
def test_a_cut_holds_at_most_its_share_and_never_parts_equals(values: list[int], share: float) -> None:
    seen = np.array(values, dtype=float)
    cut = share_cut(seen, share)
    if cut is None:
        assert seen.size == 0 or (seen == seen.max()).mean() * seen.size > np.floor(share * seen.size + 1e-9)
    else:
        assert 0 < (seen >= cut).sum() <= share * seen.size + 1e-9
        assert cut not in seen


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=30, max_size=200))
def test_the_band_encloses_the_cut(values: list[int]) -> None:
    frozen = small_policy(Rule("good", at_least("many")), Rule("fair", at_least("some"))).freeze(
        pd.DataFrame({"orders": np.array(values, dtype=float)})
    )
    for cut in frozen["cuts"].values():
        assert cut["value"] is None or cut["lower"] <= cut["value"] <= cut["upper"]


def of_orders(*conditions: tuple) -> tuple[Condition, ...]:
    return tuple(Condition("orders", *each) for each in conditions)


def test_a_rule_that_earlier_rules_empty_together_is_refused_though_none_does_alone() -> None:
    with pytest.raises(BadPolicy, match="fair can never be reached: good take"):
        small_policy(
            Rule("good", of_orders((">=", 5))),
            Rule("good", of_orders(("<", 8))),
            Rule("fair", of_orders((">=", 3))),
        )


def test_a_rule_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(BadPolicy, match="fair can never be reached: its conditions contradict"):
        small_policy(Rule("good", of_orders((">=", 5))), Rule("fair", of_orders((">=", 3), ("<", 3))))


def test_the_point_between_two_rules_is_reached_and_keeps_the_rule_alive() -> None:
    policy = small_policy(
        Rule("good", of_orders((">", 5))), Rule("fair", of_orders(("<=", 5))), overlaps="refused"
    )
    assert policy.rules[1].tier == "fair"


def test_overlapping_rules_are_refused_where_overlaps_are_and_nested_ones_never() -> None:
    spend = Input("spend", "spend", "消费")
    rules = Rule("good", of_orders((">=", 5))), Rule("fair", (Condition("spend", ">=", 100),))
    assert small_policy(*rules, inputs=(ORDERS, spend)).overlaps == "first_wins"
    with pytest.raises(BadPolicy, match="the rules good and fair overlap") as refused:
        small_policy(*rules, inputs=(ORDERS, spend), overlaps="refused")
    assert refused.value.details["rule"] == "fair"
    nested = Rule("good", of_orders((">=", 5))), Rule("fair", of_orders((">=", 2)))
    assert small_policy(*nested, overlaps="refused").name == "mine"


def test_a_share_of_more_than_are_ranked_is_a_share_of_those() -> None:
    policy = small_policy(
        Rule("good", at_least("many")),
        Rule("fair", at_least("some")),
        inputs=(ORDERS, Input("seen", "seen", "已见")),
        cuts=(
            Cut("many", "orders", 0.10, share_of=(Condition("seen", ">=", 1),)),
            Cut(
                "some",
                "orders",
                0.20,
                (Condition("orders", "<", cut="many"),),
                share_of=(Condition("seen", ">=", 1),),
            ),
        ),
    )
    seen = pd.DataFrame({"seen": [1.0] * 20, "orders": [np.nan] * 10 + list(range(10))})
    cuts = policy.freeze(seen)["cuts"]
    assert [cut["value"] for cut in cuts.values()] == [7.5, 3.5]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"orders": ["many", "few"]})])
def test_an_empty_cohort_and_text_where_a_number_should_be_freeze_with_a_note(frame: pd.DataFrame) -> None:
    policy = small_policy(Rule("good", at_least("many")), Rule("fair", at_least("some")))
    frozen = policy.freeze(frame, absent_is_unknown=True)
    assert [cut["value"] for cut in frozen["cuts"].values()] == [None, None]
    assert any("nobody reaches" in each for each in frozen["notes"])


@SHIPPED
def test_whatever_did_not_come_is_unknown_and_everybody_still_has_a_tier(policy: Policy) -> None:
    frozen = policy.freeze(pd.DataFrame({"touchpoints": [1.0, 2.0]}), absent_is_unknown=True)
    tiers = assign(frozen, pd.DataFrame({"touchpoints": [3.0, 0.0]}))["tier"]
    assert tiers.notna().all()
    assert tiers[1] == "other"
    assert frozen["notes"]


@SHIPPED
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_everybody_is_in_exactly_one_class_and_no_ranked_share_is_exceeded(
    policy: Policy, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 60))
    cell = st.one_of(st.just(np.nan), st.integers(0, 5).map(float), st.floats(0, 500))
    frame = pd.DataFrame(
        {each.name: data.draw(st.lists(cell, min_size=size, max_size=size)) for each in policy.inputs}
    )
    frozen = policy.freeze(frame)
    tiers = assign(frozen, frame)["tier"]
    assert set(tiers) <= {each.key for each in policy.classes}
    for cut in frozen["cuts"].values():
        if cut["value"] is not None and cut["share_of"] is None:
            among = matches([Condition.from_json(each) for each in cut["among"]], frame, {})
            ranked = frame.loc[among, cut["input"]].dropna()
            assert (ranked >= cut["value"]).sum() <= cut["share"] * len(ranked) + 1e-9
