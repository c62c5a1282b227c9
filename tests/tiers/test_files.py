"""A policy in one TOML file is checked whole when it is read, and a mistake is told with the name of the class."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tiercast.errors import DuplicateName, UnknownName
from tiercast.serving.tiers import assign
from tiercast.tiers.declared import declared_policies, policy_named
from tiercast.tiers.files import made_of_terms, read_policy
from tiercast.tiers.policy import BadPolicy
from tiercast.tiers.terms import Terms

CLUB = """
name = "kiosk_club"
version = "1"
grace_days = 45

[inputs]
expected_value_currency = ["expected value", "预期价值"]

[quota]
by = "expected_value_currency"
among = ["days_since_purchase < 183"]

[[classes]]
key = "gold"
name_en = "gold"
name_zh = "黄金"
ladder = "club"
quota = 0.05
playbook_en = { contact = "a call a quarter", responsible = "Ann" }
playbook_zh = { contact = "每季度致电", responsible = "安" }

[[classes]]
key = "silver"
name_en = "silver"
name_zh = "白银"
ladder = "club"
quota = 0.15
playbook_en = "a message a month"
playbook_zh = "每月一条消息"

[[classes]]
key = "guest"
name_en = "guest"
name_zh = "来宾"
ladder = "club"
when = ["days_since_purchase is known"]
playbook_en = "a welcome"
playbook_zh = "欢迎"
"""


@pytest.fixture
def club(tmp_path: Path) -> Path:
    place = tmp_path / "club.toml"
    place.write_text(CLUB, "utf-8")
    return place


def test_a_file_is_a_policy_like_any_other(club: Path) -> None:
    policy = read_policy(club)
    assert (policy.name, policy.grace_days, policy.dwell_days, policy.overlaps) == (
        "kiosk_club",
        45,
        30,
        "refused",
    )
    seen = pd.DataFrame({"days_since_purchase": 5.0, "expected_value_currency": np.arange(100.0)})
    assert assign(policy.freeze(seen), seen)["tier"].value_counts().to_dict() == {
        "guest": 80,
        "silver": 15,
        "gold": 5,
    }
    assert policy.classes[0].playbook_zh.responsible == "安"
    assert policy.inputs[0].meaning_zh in {"预期价值", "days since the last purchase"}
    assert "kiosk_club" in declared_policies(files=(str(club),))
    assert policy_named(str(club))[0] == policy


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('version = "1"', "", "version is missing"),
        ('name = "kiosk_club"', 'name = "Kiosk Club"', "small letters"),
        ("grace_days = 45", "grace = 45", r"unknown key 'grace' \(did you mean grace_days\?\)"),
        ("grace_days = 45", 'grace_days = "45"', "grace_days needs a number of days"),
        ("grace_days = 45", "band_share = 1.5", "the band needs a share"),
        ("quota = 0.15", "quota = 0.96", "the class silver takes the quotas to 101%"),
        ("quota = 0.15", "quota = 0", "the class silver needs a quota above 0"),
        ("quota = 0.15", 'quota = "all"', "the class silver needs a quota above 0"),
        ('by = "expected_value_currency"', "", "the class gold has a quota, but of what"),
        ('by = "expected_value_currency"', 'by = "happiness"', "the class gold reads happiness, which is no feature"),
        ("days_since_purchase < 183", "days_since_purchas < 183", "quota reads days_since_purchas.*did you mean days_since"),
        ("days_since_purchase is known", "orders are many", "the class guest: 'orders are many' is no condition"),
        ("days_since_purchase is known", "lifecycle_stage >= 3", "lifecycle_stage is a text"),
        ("days_since_purchase is known", "orders == 'many'", "orders is a number"),
        ("days_since_purchase is known", "orders >= 2", "the rules gold and guest overlap"),
        ("days_since_purchase is known", "orders == 1e999", "no condition"),
        ('when = ["days_since_purchase is known"]', 'when = "orders >= 2"', "a list of texts"),
        ('when = ["days_since_purchase is known"]', 'when = ["orders >= 2", "orders < 2"]', "guest can never be reached"),
        ('key = "silver"', 'key = "gold"', "the class gold is declared twice"),
        ('key = "silver"', "", "a class has no key"),
        ('name_zh = "来宾"', "", "the class guest needs name_en and name_zh"),
        ('playbook_zh = "欢迎"', "", "the class guest needs playbook_zh"),
        ('contact = "a call a quarter", ', "", "the class gold needs playbook_en: at least its contact"),
        ('responsible = "Ann"', 'boss = "Ann"', "the class gold, playbook_en: unknown key 'boss'"),
        ("expected_value_currency = [", "orders = [", "inputs: unknown key 'orders'"),
        ('["expected value", "预期价值"]', '"value"', "needs its meaning in English and Chinese"),
        ("[quota]", "[quota", "is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place_and_a_code(
    club: Path, old: str, new: str, sentence: str
) -> None:
    assert old in CLUB
    club.write_text(CLUB.replace(old, new, 1), "utf-8")
    with pytest.raises(BadPolicy, match=sentence) as refused:
        read_policy(club)
    assert (refused.value.code, refused.value.exit_code) == ("BAD_POLICY", 2)


def test_a_dead_rule_is_refused_by_name(club: Path) -> None:
    dead = CLUB + CLUB[CLUB.index('[[classes]]\nkey = "guest"') :].replace("guest", "visitor").replace(
        "is known", "< 40"
    )
    club.write_text(dead, "utf-8")
    with pytest.raises(BadPolicy, match=r"the rule visitor can never be reached: .*guest"):
        read_policy(club)


def test_quotas_of_all_are_everybody_who_can_be_ranked(club: Path) -> None:
    club.write_text(CLUB.replace("quota = 0.15", "quota = 0.95"), "utf-8")
    seen = pd.DataFrame({"days_since_purchase": 5.0, "expected_value_currency": np.arange(100.0)})
    policy = read_policy(club)
    assert assign(policy.freeze(seen), seen)["tier"].value_counts().to_dict() == {"silver": 95, "gold": 5}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('like = "pyramids"', "like 'pyramids': there is: base_types"),
        ('like = "pyramid"\n[terms]\nactiv_days = 9', r"in terms: unknown key 'activ_days' \(did you mean active_days"),
        ('like = "pyramid"\n[terms]\nactive_days = 0', "active_days must be 1 or more"),
        ('like = "pyramid"\n[terms]\npyramid_shares = [0.5, 0.4, 0.3]', "pyramid_shares come to 120%"),
        ('like = "pyramid"\n[terms]\npyramid_shares = ["a", 0.4, 0.3]', "pyramid_shares.0"),
        ('like = "pyramid"\ngrace_days = 3', "grace_days does not go with like"),
        ("classes = []", "classes are missing"),
    ],
)  # fmt: skip
def test_a_shipped_policy_with_other_terms_is_checked_too(tmp_path: Path, text: str, sentence: str) -> None:
    place = tmp_path / "ours.toml"
    place.write_text(f'name = "ours"\nversion = "1"\n{text}\n', "utf-8")
    with pytest.raises(BadPolicy, match=sentence):
        read_policy(place)


def test_a_shipped_policy_with_other_terms_may_take_its_place(tmp_path: Path) -> None:
    place = tmp_path / "ours.toml"
    place.write_text(
        'name = "pyramid"\nversion = "2 ours"\nlike = "pyramid"\n[terms]\nactive_days = 182\n', "utf-8"
    )
    found = declared_policies(files=(str(place),))["pyramid"]
    assert (found.version, found.rules[0].conditions[0].threshold) == ("2 ours", 183)


def test_two_policies_of_one_name_are_refused(club: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CLUB.replace("kiosk_club", "pyramid"), "utf-8")
    with pytest.raises(DuplicateName, match=r"pyramid.*other\.toml"):
        declared_policies(files=(str(other),))
    twin = tmp_path / "twin.toml"
    twin.write_text(CLUB, "utf-8")
    with pytest.raises(DuplicateName, match="kiosk_club"):
        declared_policies(files=(str(club), str(twin)))


def test_a_file_or_a_name_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match="there is no such file"):
        policy_named(str(tmp_path / "none.toml"))
    with pytest.raises(UnknownName, match="did you mean 'pyramid'"):
        policy_named("pyramids")


@pytest.mark.parametrize("ladder", ["5", '["x"]', '""', "true"])
def test_a_ladder_that_is_no_name_is_refused_with_its_class(club: Path, ladder: str) -> None:
    club.write_text(CLUB.replace('ladder = "club"', f"ladder = {ladder}", 1), "utf-8")
    with pytest.raises(BadPolicy, match="the class gold: ladder is a name that its neighbours share"):
        read_policy(club)


def test_every_policy_that_ships_can_be_made_of_other_terms() -> None:
    shipped = declared_policies()
    made = made_of_terms()
    assert set(made) == set(shipped)
    assert all(make(Terms()) == shipped[name] for name, make in made.items())
