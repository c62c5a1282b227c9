"""Cutoffs, horizons, rolling origins: no fold trains on a label that was not known when it is judged."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.evaluation.splits_check import LeakySplit, check_folds, check_split
from tiercast.windows import Horizon, day_number, day_of, origins_before, rolling_folds

days = st.dates(date(2015, 1, 1), date(2030, 12, 31))
horizons = st.builds(
    Horizon, days=st.integers(1, 400), gap_days=st.integers(0, 30), settle_days=st.integers(0, 30)
)
steps = st.integers(1, 60)


@given(days, st.integers(0, 1_500), steps, horizons)
def test_origins_are_every_step_and_as_new_as_their_labels_allow(
    end: date, span: int, step: int, horizon: Horizon
) -> None:
    first = end - timedelta(days=span)
    origins = origins_before(end, first=first, step_days=step, horizon=horizon)
    assert list(origins) == sorted(set(origins))
    assert all(later - earlier == timedelta(days=step) for earlier, later in pairwise(origins))
    if origins:
        assert origins[0] >= first > origins[0] - timedelta(days=step)
        assert horizon.matures_on(origins[-1]) == end
    else:
        assert horizon.matures_on(first) > end


@given(
    days,
    st.lists(st.integers(0, 400), min_size=1, max_size=4, unique=True),
    steps,
    horizons,
    st.integers(1, 40),
)
def test_the_independent_checker_finds_no_leak_in_any_fold(
    start: date, tests: list[int], step: int, horizon: Horizon, most: int
) -> None:
    room = horizon.gap_days + horizon.days + horizon.settle_days
    cutoffs = [start + timedelta(days=room + test) for test in tests]
    folds = rolling_folds(cutoffs, first=start, step_days=step, horizon=horizon, most_origins=most)
    window = {"gap_days": horizon.gap_days, "horizon_days": horizon.days + horizon.settle_days}
    check_folds([((fold.calibrate,), fold.test) for fold in folds], **window)
    assert [fold.test for fold in folds] == sorted(cutoffs)
    for fold in folds:
        if fold.train:
            check_split(fold.train, fold.test, judging_cutoff=fold.calibrate, **window)
            assert fold.train[-1] < fold.calibrate
        assert len(fold.train) <= most


def test_the_checker_would_refuse_a_fold_that_trains_a_day_too_long() -> None:
    (fold,) = rolling_folds([date(2024, 6, 3)], first=date(2024, 1, 1), step_days=7, horizon=Horizon(28))
    later = (*fold.train, fold.calibrate + timedelta(days=1))
    with pytest.raises(LeakySplit, match="purge"):
        check_split(later, fold.test, gap_days=0, horizon_days=28)


def test_a_gap_moves_the_window_and_settling_delays_its_maturity() -> None:
    assert Horizon(28, gap_days=3, settle_days=7).matures_on(date(2024, 2, 1)) == date(2024, 3, 10)


def test_a_history_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        rolling_folds([date(2024, 1, 20)], first=date(2024, 1, 1), step_days=7, horizon=Horizon(28))


@given(st.dates())
def test_a_day_number_is_a_day(day: date) -> None:
    assert day_of(day_number(day)) == day
