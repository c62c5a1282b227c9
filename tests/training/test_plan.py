"""The plan: folds that cannot leak, and a clear no when the data are too young."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.errors import NotTrainable
from tiercast.training.plan import LEAST_WINDOW_DAYS, check_events, make_plan, trainable_from
from tiercast.windows import Horizon

FIRST = date(2024, 1, 1)


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
        ) + timedelta(days=step)
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


@pytest.mark.parametrize(("rare", "told"), [(99, None), (100, True), (499, True), (500, False)])
def test_a_hundred_of_either_outcome_are_needed_and_five_hundred_wanted(rare: int, told: bool | None) -> None:
    for purchased in (np.repeat([1.0, 0.0], [rare, 5000]), np.repeat([1.0, 0.0], [5000, rare])):
        if told is None:
            with pytest.raises(NotTrainable, match="1 more are needed"):
                check_events(purchased, target="churn")
        else:
            assert bool(check_events(purchased, target="churn")) == told
