"""What a curve says as a distribution: its density, its calibration over deciles, its ranking at a day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.evaluation.survival_spread import discrete_log_loss, distribution_calibration, within_days_auc

DAYS = np.array([1.0, 3.0, 7.0, 14.0])
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 20)),
        st.integers(1, 20),
        st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4),
    ),
    min_size=2,
    max_size=8,
)


def drawn(seed: int, *, rate: float, told: float, window: int, many: int = 6000) -> tuple[float, float]:
    """Return the D-calibration of curves of one rate over waits of another, followed for a window."""
    waits = np.ceil(np.random.default_rng(seed).exponential(1 / rate, many))
    days = np.arange(1, window + 1)
    curves = np.tile(np.exp(-told * days), (many, 1))
    return distribution_calibration(
        np.where(waits <= window, waits, np.nan), np.full(many, window), curves, days
    )


@given(ROWS)
def test_the_ranking_at_a_day_equals_counting_pairs(rows: list[tuple[int | None, int, list[float]]]) -> None:
    bought = np.array([np.nan if day is None else day for day, _, _ in rows], dtype=float)
    seen, said = np.array([row[1] for row in rows], dtype=float), np.array([row[2][0] for row in rows])
    buyers = [place for place in range(len(rows)) if bought[place] <= 5 <= seen[place]]
    others = [place for place in range(len(rows)) if seen[place] >= 5 and not bought[place] <= 5]
    right = [(said[one] > said[other]) + (said[one] == said[other]) / 2 for one in buyers for other in others]
    expected = np.mean(right) if right else np.nan
    assert within_days_auc(bought, seen, said, within_days=5) == pytest.approx(expected, nan_ok=True)


@given(ROWS)
def test_the_loss_is_that_of_the_interval_in_which_the_story_ended(
    rows: list[tuple[int | None, int, list[float]]],
) -> None:
    losses = []
    for day, seen, steps in rows:
        curve = [1.0, *np.cumprod(steps)]
        if day is not None and day <= min(seen, 14):
            ends = next(place for place, end in enumerate(DAYS, 1) if day <= end)
            losses.append(-np.log(curve[ends - 1] - curve[ends]))
        else:
            reached = sum(end <= (min(seen, day) if day else seen) for end in DAYS)
            losses.append(-np.log(curve[reached]))
    told = discrete_log_loss(
        [np.nan if day is None else day for day, _, _ in rows], [seen for _, seen, _ in rows],
        [np.cumprod(steps) for _, _, steps in rows], DAYS,
    )  # fmt: skip
    assert told == pytest.approx(np.mean(losses))


def test_a_better_curve_has_the_smaller_loss() -> None:
    waits = np.ceil(np.random.default_rng(1).exponential(10, 2000))
    days = np.arange(1, 31)
    told = {
        mean: discrete_log_loss(waits, np.full(2000, 30), np.tile(np.exp(-days / mean), (2000, 1)), days)
        for mean in (5, 10, 20)
    }
    assert told[10] < min(told[5], told[20])


@pytest.mark.parametrize("window", [200, 12, 3])
def test_a_right_curve_is_calibrated_however_long_it_was_followed(window: int) -> None:
    found = [drawn(seed, rate=0.08, told=0.08, window=window) for seed in range(20)]
    assert max(error for error, _ in found) < 0.03
    assert sum(p_value < 0.05 for _, p_value in found) <= 4


def test_a_curve_that_is_too_hopeful_is_found_out() -> None:
    error, p_value = drawn(1, rate=0.08, told=0.16, window=60)
    assert error > 0.15
    assert p_value < 1e-6


def test_who_was_not_seen_to_buy_is_spread_over_all_that_was_left() -> None:
    error, p_value = distribution_calibration([np.nan], [14], [[1.0, 1.0, 1.0, 0.5]], DAYS)
    assert error == pytest.approx(0.5), "half of the deciles have all"
    assert p_value > 0.05, "one customer proves nothing"
    assert np.isnan(distribution_calibration([], [], np.empty((0, 4)), DAYS)).all()
    assert np.isnan(distribution_calibration([1.0], [9.0], [[np.nan] * 4], DAYS)).all()
