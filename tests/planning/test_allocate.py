"""A plan earns what an independent solver says it can, keeps every limit, and its prices are what one more unit earns."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tiercast.errors import exit_code_of
from tiercast.planning import BadLimits, Limits, allocate, programme
from tiercast.planning.allocate import NOTES
from tiercast.serving.refusals import MissingColumns, WrongType

CHANNELS = ("app", "call_center", "email", "sms")
COSTS = np.array([0.01, 4.0, 0.05, 0.3])


def drawn(customers: int, seed: int = 0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    value = chance.gamma(0.7, 60, customers)
    gain = (
        value[:, None] * np.array([0.01, 0.09, 0.02, 0.03]) * chance.lognormal(0, 0.4, (customers, 4)) - COSTS
    )
    return pd.DataFrame({"customer_id": np.repeat([f"c{place:06}" for place in range(customers)], 4),
                         "channel": np.tile(CHANNELS, customers), "expected_gain_currency": gain.ravel(),
                         "cost_currency": np.tile(COSTS, customers)})  # fmt: skip


def exact(options: pd.DataFrame, limits: Limits, *, whole: bool = True) -> float:
    """Return the optimum by branch and bound (or of the relaxed programme), rows written one by one."""
    gain, cost = options["expected_gain_currency"].to_numpy(), options["cost_currency"].to_numpy()
    rows, most = [cost, np.ones(len(gain))], [limits.budget_currency, limits.contacts]
    for channel, capacity in limits.per_channel.items():
        rows.append((options["channel"] == channel).to_numpy(float))
        most.append(capacity)
    for customer in options["customer_id"].unique():
        rows.append((options["customer_id"] == customer).to_numpy(float))
        most.append(limits.per_customer)
    found = milp(-gain, constraints=LinearConstraint(np.array(rows), ub=most), bounds=Bounds(0, 1),
                 integrality=np.full(len(gain), int(whole)), options={"mip_rel_gap": 0.0})  # fmt: skip
    return -float(found.fun)


LIMITS = Limits(budget_currency=20.0, contacts=25, per_channel={"call_center": 3})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0, 60), st.integers(1, 60), st.integers(1, 3), st.integers(0, 6))
def test_a_small_plan_is_within_a_fraction_of_the_best_of_whole_contacts(
    seed: int, budget: float, contacts: int, per_customer: int, calls: int
) -> None:
    options = drawn(20, seed)
    limits = Limits(budget, contacts, per_customer, {"call_center": calls})
    plan = allocate(options, limits)
    best = exact(options, limits)
    assert plan.gain_currency <= best + 1e-6
    assert best <= plan.bound_currency + 1e-6
    assert plan.gain_currency >= plan.greedy_currency - 1e-9
    # what rounding may cost: one contact for each shared limit
    assert plan.gain_currency >= best - 3 * options["expected_gain_currency"].clip(lower=0).max()
    held = plan.contacts
    assert held["cost_currency"].sum() <= budget + 1e-6
    assert len(held) <= contacts
    assert (held["channel"] == "call_center").sum() <= calls
    assert held["customer_id"].value_counts().max() <= per_customer if len(held) else True
    assert (held["expected_gain_currency"] > 0).all()


def test_the_last_unit_of_budget_and_the_last_contact_earned_what_a_little_less_would_lose() -> None:
    options = drawn(60, 3)
    limits = Limits(budget_currency=20.3, contacts=30, per_channel={"call_center": 3})
    plan = allocate(options, limits)
    before = exact(options, limits, whole=False)
    assert plan.bound_currency == pytest.approx(before)
    less = exact(options, replace(limits, budget_currency=20.29), whole=False)
    assert plan.last_budget_currency == pytest.approx((before - less) / 0.01, rel=1e-4)
    less = exact(options, replace(limits, contacts=29.99), whole=False)
    assert plan.last_contact_currency == pytest.approx((before - less) / 0.01, rel=1e-4)
    less = exact(options, replace(limits, per_channel={"call_center": 2.99}), whole=False)
    assert plan.last_of_channel_currency.get("call_center", 0.0) == pytest.approx(
        (before - less) / 0.01, abs=1e-4
    )


@pytest.mark.parametrize(
    "limits",
    [
        LIMITS,
        Limits(400.0, 900, 2, {"call_center": 30, "email": 200}),
        Limits(60.0),
        Limits(contacts=200),
        Limits(),
    ],
)
def test_reducing_a_large_programme_changes_neither_its_optimum_nor_its_prices(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = drawn(1_500, 5)
    whole = allocate(options, limits)
    for name, size in (("DIRECT", 400), ("SAMPLE", 150), ("OPENED", 100)):
        monkeypatch.setattr(programme, name, size)
    reduced = allocate(options, limits)
    assert reduced.bound_currency == pytest.approx(whole.bound_currency, rel=1e-9)
    assert reduced.gain_currency == pytest.approx(whole.gain_currency, rel=1e-3)
    assert reduced.last_budget_currency == pytest.approx(whole.last_budget_currency, rel=1e-6, abs=1e-9)
    assert reduced.last_contact_currency == pytest.approx(whole.last_contact_currency, rel=1e-6, abs=1e-9)


def test_twenty_thousand_customers_are_planned_better_than_greedily() -> None:
    plan = allocate(
        drawn(20_000, 1), Limits(budget_currency=1_000.0, contacts=5_000, per_channel={"call_center": 100})
    )
    assert plan.gain_currency > 1.02 * plan.greedy_currency
    assert plan.bound_currency - plan.gain_currency < 0.001 * plan.bound_currency


def test_the_order_of_the_options_changes_nothing() -> None:
    options = drawn(50, 8)
    shuffled = options.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(allocate(options, LIMITS).contacts, allocate(shuffled, LIMITS).contacts)


def test_a_budget_of_nothing_buys_what_costs_nothing() -> None:
    options = drawn(10).assign(
        cost_currency=lambda rows: rows["cost_currency"].where(rows["channel"] != "app", 0.0)
    )
    plan = allocate(options, Limits(budget_currency=0.0))
    assert set(plan.contacts["channel"]) == {"app"}
    assert (plan.cost_currency, plan.notes) == (0.0, ("NO_BUDGET",))
    assert allocate(drawn(10), Limits(budget_currency=0.0)).contacts.empty


@pytest.mark.parametrize(
    ("options", "limits", "note"),
    [
        (drawn(5).iloc[:0], Limits(), "NO_ELIGIBLE_CUSTOMERS"),
        (drawn(5).assign(expected_gain_currency=-1.0), Limits(), "NO_POSITIVE_GAIN"),
        (drawn(5).assign(expected_gain_currency=0.0), Limits(), "NO_POSITIVE_GAIN"),
        (drawn(5), Limits(contacts=0), "NO_CONTACTS"),
        (drawn(5), Limits(contacts=0.5), "NO_CONTACTS"),
    ],
)
def test_a_plan_of_nobody_says_why(options: pd.DataFrame, limits: Limits, note: str) -> None:
    plan = allocate(options, limits)
    assert (len(plan.contacts), plan.gain_currency, plan.notes) == (0, 0.0, (note,))
    assert list(plan.contacts) == list(options)
    assert all(NOTES[note])


def test_money_that_is_left_is_said_and_worth_nothing() -> None:
    plan = allocate(drawn(10), Limits(budget_currency=1e9))
    assert plan.notes == ("BUDGET_LEFT",)
    assert plan.last_budget_currency == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget_currency": -1.0}, {"budget_currency": float("nan")}, {"budget_currency": 1e15}, {"contacts": -3},
        {"contacts": float("-inf")}, {"per_customer": 0}, {"per_customer": 2.5}, {"per_customer": 1000},
        {"per_channel": {"email": -1}},
    ],
)  # fmt: skip
def test_an_absurd_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadLimits) as caught:
        Limits(**wrong)  # type: ignore[arg-type]
    assert (caught.value.code, exit_code_of(caught.value)) == ("BAD_LIMITS", 2)


def test_options_that_cannot_be_read_are_refused() -> None:
    options = drawn(3)
    with pytest.raises(MissingColumns, match="cost_currency"):
        allocate(options.drop(columns="cost_currency"), Limits())
    for wrong in ({"expected_gain_currency": np.nan}, {"cost_currency": -1.0}, {"channel": "email"}):
        with pytest.raises(WrongType):
            allocate(options.assign(**wrong), Limits())
    with pytest.raises(WrongType, match="effect_share"):
        allocate(options.assign(effect_share=1.5), Limits(per_customer=2))


def test_a_limit_of_a_channel_that_nobody_needs_today_limits_nothing() -> None:
    options = drawn(8)
    without = options[options["channel"] != "call_center"]
    plan = allocate(without, Limits(contacts=5, per_channel={"call_center": 3}))
    assert plan.gain_currency == allocate(without, Limits(contacts=5)).gain_currency > 0


def sharing(customers: int, seed: int) -> pd.DataFrame:
    """Return options whose gains are a share of one worth a customer, so that two contacts share an effect."""
    chance = np.random.default_rng(seed)
    worth = chance.gamma(0.7, 60, customers)
    effect = np.clip(np.array([0.05, 0.5, 0.1, 0.2]) * chance.lognormal(0, 0.4, (customers, 4)), 0, 1)
    return pd.DataFrame({"customer_id": np.repeat([f"c{place:03}" for place in range(customers)], 4),
                         "channel": np.tile(CHANNELS, customers), "effect_share": effect.ravel(),
                         "worth": np.repeat(worth, 4),
                         "expected_gain_currency": (worth[:, None] * effect - COSTS).ravel(),
                         "cost_currency": np.tile(COSTS, customers)})  # fmt: skip


def brought(contacts: pd.DataFrame) -> float:
    """Return worth × (1 − Π(1 − effect)) less costs, customer by customer."""
    total = 0.0
    for _, rows in contacts.groupby("customer_id"):
        total += rows["worth"].iloc[0] * (1 - np.prod(1 - rows["effect_share"])) - rows["cost_currency"].sum()
    return total


def best_of_all_sets(options: pd.DataFrame, limits: Limits) -> float:
    """Return the best plan by branch and bound over every set of channels of every customer."""
    sets, costs, counts, calls, whose = [], [], [], [], []
    for number, (_, rows) in enumerate(options.groupby("customer_id")):
        for size in range(1, limits.per_customer + 1):
            for chosen in combinations(range(len(rows)), size):
                some = rows.iloc[list(chosen)]
                sets.append(brought(some))
                costs.append(some["cost_currency"].sum())
                counts.append(size)
                calls.append((some["channel"] == "call_center").sum())
                whose.append(number)
    each = np.array(whose)[None, :] == np.arange(max(whose) + 1)[:, None]
    ub = [limits.budget_currency, limits.contacts, limits.per_channel["call_center"], *np.ones(len(each))]
    found = milp(-np.array(sets), constraints=LinearConstraint(np.vstack([costs, counts, calls, each]), ub=ub),
                 bounds=Bounds(0, 1), integrality=np.ones(len(sets)), options={"mip_rel_gap": 0.0})  # fmt: skip
    return -float(found.fun)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 999), st.floats(1, 60), st.integers(1, 30), st.integers(2, 4), st.integers(0, 6))
def test_the_second_contact_of_a_customer_brings_what_the_first_has_left(
    seed: int, budget: float, contacts: int, per_customer: int, calls: int
) -> None:
    options = sharing(12, seed)
    limits = Limits(budget, contacts, per_customer, {"call_center": calls})
    plan = allocate(options, limits)
    assert plan.gain_currency == pytest.approx(brought(plan.contacts))
    assert plan.contacts["expected_gain_currency"].sum() == pytest.approx(plan.gain_currency)
    assert (plan.contacts["expected_gain_currency"] > 0).all()
    assert plan.greedy_currency <= plan.gain_currency + 1e-9
    best = best_of_all_sets(options, limits)
    largest = options["expected_gain_currency"].clip(lower=0).max()
    assert 0.9 * best - 2 * largest <= plan.gain_currency <= best + 1e-6
    assert best <= plan.bound_currency + 1e-6
    held = plan.contacts
    assert held["cost_currency"].sum() <= budget + 1e-6
    assert len(held) <= contacts
    assert (held["channel"] == "call_center").sum() <= calls
    assert held["customer_id"].value_counts().max() <= per_customer if len(held) else True


def test_a_measured_uplift_is_that_of_one_contact() -> None:
    options = sharing(3, 0).assign(effect_share=np.nan)
    assert allocate(options, Limits()).gain_currency > 0
    with pytest.raises(BadLimits, match="1 where an uplift was measured") as caught:
        allocate(options, Limits(per_customer=2))
    assert (caught.value.code, exit_code_of(caught.value)) == ("BAD_LIMITS", 2)
