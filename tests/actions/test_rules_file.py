"""A table of rules of one's own, in TOML, is read as it is meant or refused with a sentence."""

from pathlib import Path

import pytest

from tiercast.actions.assumptions import BadAssumption
from tiercast.actions.next_best import BadActionTable
from tiercast.actions.rules_file import check_inputs, condition_of, read_rules
from tiercast.errors import exit_code_of
from tiercast.serving.conditions import Condition

GOOD = """
name = "mine"
version = "3"

[[actions]]
code = "offer"
name_en = "send an offer"
name_zh = "发送优惠"
price_promotion = true

[[cuts]]
name = "best"
input = "net_spend_currency"
top_share = 0.1
among = ["days_since_purchase is_known"]

[[rules]]
name = "best and due"
action = "offer"
when = ["net_spend_currency >= cut best", "next_purchase_median_days < 8", "lifecycle_stage == loyal"]
on = "day_before_next_purchase"
reason_en = "due"
reason_zh = "到期"

[assumptions.effects]
offer = { share = 0.05, of = "value_at_risk" }

[assumptions.costs_currency]
email = 0.02
"""


def written(folder: Path, text: str) -> Path:
    place = folder / "rules.toml"
    place.write_text(text, encoding="utf-8")
    return place


def test_a_file_of_rules_is_read_with_its_cuts_and_assumptions(tmp_path: Path) -> None:
    table, assumed = read_rules(written(tmp_path, GOOD))
    assert table is not None
    assert [(rule.name, rule.action) for rule in table.rules] == [
        ("best and due", "offer"),
        ("nothing_due", "none"),
    ]
    assert table.rules[0].when[0] == Condition("net_spend_currency", ">=", cut="best")
    assert table.inputs == {
        "net_spend_currency",
        "next_purchase_median_days",
        "lifecycle_stage",
        "days_since_purchase",
    }
    assert (assumed.effects["offer"].of, assumed.costs_currency["email"]) == ("value_at_risk", 0.02)
    assert assumed.effects["win_back"].share > 0


@pytest.mark.parametrize(
    ("before", "instead", "sentence"),
    [
        (
            "next_purchase_median_days < 8",
            "nonsense_input >= 2",
            "the rule best and due reads nonsense_input",
        ),
        ("lifecycle_stage == loyal", "lifecycle_stagee == loyal", "did you mean lifecycle_stage"),
        ("lifecycle_stage == loyal", "lifecycle_stage >= 3", "lifecycle_stage is a text"),
        (
            "next_purchase_median_days < 8",
            "next_purchase_median_days == soon",
            "is a number: compare it with",
        ),
        ("days_since_purchase is_known", "days_since is_known", "the cut best reads days_since"),
    ],
)
def test_what_can_never_match_is_refused(before: str, instead: str, sentence: str, tmp_path: Path) -> None:
    known = dict.fromkeys(
        ("net_spend_currency", "next_purchase_median_days", "days_since_purchase"), ("number", "")
    )
    known |= {"lifecycle_stage": ("text", "")}
    good, _ = read_rules(written(tmp_path, GOOD))
    assert good is not None
    check_inputs(good, known)
    text = GOOD.replace(before, instead, 1).replace("price_promotion = true", "price_promotion = false")
    table, _ = read_rules(written(tmp_path, text))
    assert table is not None
    with pytest.raises(BadActionTable, match=sentence):
        check_inputs(table, known)


def test_a_file_may_hold_assumptions_alone(tmp_path: Path) -> None:
    table, assumed = read_rules(written(tmp_path, "[assumptions.costs_currency]\nemail = 0.5\n"))
    assert table is None
    assert assumed.costs_currency["email"] == 0.5


@pytest.mark.parametrize(
    ("before", "instead", "sentence"),
    [
        ('"next_purchase_median_days < 8", ', "", "price promotion without a sign of need"),
        ("median_days < 8", "median_days < 900", "price promotion without a sign of need"),
        ("median_days < 8", "median_days <= 8", "a condition is"),
        ("cut best", "cut bets", "which is not a cut of it"),
        ('action = "offer"', 'action = "ofer"', "is not an action"),
        ('on = "day_before_next_purchase"', 'on = "someday"', "names the day someday"),
        ("reason_zh", "reasn_zh", "did you mean reason_zh"),
        ('reason_zh = "到期"', "", "lacks reason_zh"),
        ("top_share = 0.1", "top_share = 1.5", "share between 0 and 1"),
        ("[[rules]]", "[[rule]]", "unknown key 'rule'"),
        ("name = ", "name == ", "is not TOML"),
        ("top_share = 0.1", 'top_share = "0.3"', "best: top_share must be a number, not '0.3'"),
        ("top_share = 0.1", "top_share = true", "best: top_share must be a number, not True"),
        ('among = ["days_since_purchase is_known"]', "among = 5", "among must be a list of conditions"),
        ('when = ["net', 'when = "x"\nold = ["net', "when must be a list of conditions"),
        ('name = "best and due"', 'name = ["a"]', "name must be a text, not"),
        ('name = "mine"', "name = 5", "name and version of the file must be texts"),
        ("price_promotion = true", 'price_promotion = "yes"', "offer: price_promotion must be true or false"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_a_sentence(
    before: str, instead: str, sentence: str, tmp_path: Path
) -> None:
    assert before in GOOD
    with pytest.raises(BadActionTable, match=sentence) as caught:
        read_rules(written(tmp_path, GOOD.replace(before, instead, 1)))
    assert exit_code_of(caught.value) == 2


def test_an_action_without_an_assumed_effect_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAssumption, match=r"effects.offer: the action needs one"):
        read_rules(written(tmp_path, GOOD.split("[assumptions.effects]")[0]))
    with pytest.raises(BadActionTable, match="there is no such file"):
        read_rules(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    "text", ["orders", "orders >= ", "orders is_known 3", "Orders >= 3", "orders >= word", 7]
)
def test_what_is_no_condition_is_refused(text: object) -> None:
    with pytest.raises(BadActionTable):
        condition_of(text, "the rule x", "here")
