"""The plan: folds that cannot leak, and a clear no when the data are too young."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.errors import NotTrainable
from tiercast.training.plan import (
    LEAST_WINDOW_DAYS,
    check_events,
    longest_window,
    make_plan,
    surely_planned_from,
    trainable_from,
)
from tiercast.windows import Horizon

FIRST = date(2024, 1, 1)
LATER = date(2024, 7, 1)


@settings(max_examples=80, deadline=None)
@given(
    days=st.integers(60, 900),
    horizon=st.integers(1, 60),
    gap=st.integers(0, 20),
    step=st.integers(1, 40),
    tests=st.integers(1, 4),
)
def test_no_training_label_ends_after_the_day_it_is_used(
    days: int, horizon: int, gap: int, step: int, tests: int
) -> None:
    ends = FIRST + timedelta(days=days)
    window = Horizon(horizon, gap)
    try:
        plan = make_plan(
            first_day=FIRST,
            data_ends_on=ends,
            horizon=window,
            step_days=step,
            test_origins=tests,
            first_origin_after_days=30,
        )
    except NotTrainable:
        least = Horizon(min(horizon, LEAST_WINDOW_DAYS), gap)
        assert ends < trainable_from(
            FIRST, horizon=least, step_days=step, test_origins=tests, history_days=30
        )
        return
    assert plan.horizon == window
    assert plan.window.days <= horizon
    assert plan.window.gap_days == gap
    assert (plan.window.days < horizon) == any(each.startswith("HORIZON_CARRIED") for each in plan.warnings)
    known = gap + plan.window.days
    assert len(plan.folds) == tests
    for fold in plan.folds:
        assert fold.test + timedelta(days=known) <= ends
        assert fold.calibrate + timedelta(days=known) <= fold.test
        assert all(origin + timedelta(days=known) <= fold.calibrate for origin in fold.train)
        assert {*fold.train, fold.calibrate, fold.test} <= set(plan.origins)
    assert min(plan.origins) >= FIRST + timedelta(days=30)
    assert plan.folds[-1].test == ends - timedelta(days=known)
    newest = max(plan.origins)
    assert all(newest < origin < ends - timedelta(days=gap) for origin in plan.open_origins)
    assert len(plan.open_origins) == max((known - gap - 1) // step, 0)


def test_data_that_are_too_young_are_refused_with_the_day_from_which_they_will_do() -> None:
    window, least = Horizon(28), Horizon(LEAST_WINDOW_DAYS)
    ready = trainable_from(FIRST, horizon=least, step_days=14, test_origins=3, history_days=84)
    plan = make_plan(
        first_day=FIRST,
        data_ends_on=ready,
        horizon=window,
        step_days=14,
        test_origins=3,
        first_origin_after_days=84,
    )
    assert len(plan.folds) == 3
    assert plan.window == least
    with pytest.raises(NotTrainable, match=f"trainable from {ready}: 1 more days"):
        make_plan(
            first_day=FIRST,
            data_ends_on=ready - timedelta(days=1),
            horizon=window,
            step_days=14,
            test_origins=3,
            first_origin_after_days=84,
        )


@settings(max_examples=120, deadline=None)
@given(
    horizon=st.integers(LEAST_WINDOW_DAYS, 120),
    gap=st.integers(0, 20),
    step=st.integers(1, 91),
    tests=st.integers(1, 5),
    history=st.integers(1, 120),
    later=st.integers(0, 100),
)
def test_the_day_that_is_told_is_the_first_on_which_the_whole_horizon_is_judged(
    horizon: int, gap: int, step: int, tests: int, history: int, later: int
) -> None:
    def planned(ends: date) -> int | None:
        card = {"step_days": step, "test_origins": tests, "first_origin_after_days": history}
        try:
            plan = make_plan(first_day=FIRST, data_ends_on=ends, horizon=Horizon(horizon, gap), **card)
        except NotTrainable:
            return None
        told = [each for each in plan.warnings if each.startswith("HORIZON_CARRIED")]
        assert all(f"from {ready} on, {(ready - ends).days} more days" in each for each in told)
        return plan.window.days

    asked = {"step_days": step, "test_origins": tests, "history_days": history}
    ready = trainable_from(FIRST, horizon=Horizon(horizon, gap), **asked)
    surely = surely_planned_from(FIRST, horizon=Horizon(horizon, gap), **asked)
    assert planned(ready) == planned(ready + timedelta(days=later)) == horizon
    assert planned(ready - timedelta(days=1)) != horizon
    for ends, enough in ((surely, True), (surely - timedelta(days=1), False)):
        days = (ends - FIRST).days
        assert (longest_window(Horizon(horizon, gap), days=days, **asked).days == horizon) == enough


def test_less_than_a_year_is_told() -> None:
    plan = make_plan(
        first_day=FIRST,
        data_ends_on=FIRST + timedelta(days=300),
        horizon=Horizon(28),
        step_days=14,
        test_origins=1,
        first_origin_after_days=84,
    )
    assert any(warning.startswith("SEASON_UNSEEN") for warning in plan.warnings)


def labels(bought: int, churned: int, *, days: int = 30, copies: int = 1) -> dict[str, Any]:
    """Return labels of as many customers, those of each outcome spread evenly over so many days, each seen ``copies`` times."""
    spread = [np.linspace(0, days, count).round().astype(int) for count in (bought, churned)]
    return {
        "purchased": np.repeat(np.repeat([1.0, 0.0], [bought, churned]), copies),
        "customers": np.repeat([f"c{place}" for place in range(bought + churned)], copies),
        "origin_days": np.repeat(np.concatenate(spread), copies),
    }


@pytest.mark.parametrize(("rare", "told"), [(99, None), (100, True), (499, True), (500, False)])
@pytest.mark.parametrize("copies", [1, 45])
def test_a_hundred_customers_of_either_outcome_are_needed_and_five_hundred_wanted(
    rare: int, told: bool | None, copies: int
) -> None:
    for bought, churned in ((rare, 5000), (5000, rare)):
        asked = labels(bought, churned, copies=copies)
        if told is None:
            with pytest.raises(NotTrainable, match=r"1 more (churners|returning customers) "):
                check_events(**asked, target="churn", until=LATER)
        else:
            assert bool(check_events(**asked, target="churn", until=LATER)) == told


@pytest.mark.parametrize(
    ("bought", "churned", "days", "told"),
    [
        (900, 62, 100, "from about 2027-02-16: 63 more days, 38 more churners (an estimate: 61 more in 100 days)"),
        (900, 50, 100, "from about 2027-03-28: 103 more days, 50 more churners (an estimate: 49 more in 100 days)"),
        (99, 900, 98, "from about 2026-12-16: 1 more days, 1 more returning customers (an estimate: 98 more in"),
        (900, 2, 30, "from about 2035-01-02: 2940 more days, 98 more churners"),
        (900, 2, 100, "not trainable within ten years at the rate so far: 9800 more days, 98 more churners"),
        (900, 1, 30, "99 more churners are needed; none was new in 30 days, so no day can be estimated"),
        (900, 0, 30, "100 more churners are needed; none was new in 30 days, so no day can be estimated"),
    ],
)  # fmt: skip
def test_a_refusal_for_few_events_says_about_when_there_will_be_enough(
    bought: int, churned: int, days: int, told: str
) -> None:
    with pytest.raises(NotTrainable) as refusal:
        check_events(**labels(bought, churned, days=days), target="churn", until=date(2026, 12, 15))
    assert told in str(refusal.value)
    horizon = "shorter" if churned < bought else "longer"
    assert str(refusal.value).endswith(f"; or take a {horizon} horizon")


def test_few_customers_at_many_origins_are_still_few() -> None:
    people, origins = 45, 45
    asked = {
        "purchased": np.tile([1.0, 0.0, 1.0], people * origins // 3),
        "customers": np.repeat([f"c{place}" for place in range(people)], origins),
        "origin_days": np.tile(np.arange(origins) * 14, people),
    }
    assert len(asked["purchased"]) == 2025
    with pytest.raises(NotTrainable, match=r"100 \w+.* \(each customer counts once\).*there is: 45; 55 more"):
        check_events(**asked, target="churn", until=LATER)


def test_what_else_could_be_done_is_the_last_word_of_a_refusal() -> None:
    with pytest.raises(NotTrainable, match=r"longer horizon; learn of prospects$"):
        check_events(**labels(0, 300), target="churn", until=LATER, otherwise="learn of prospects")
