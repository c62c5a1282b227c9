"""Concentration, what-if and migration: published formulas, hand-made matrices, and refusals where there is nothing to tell."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiers.test_history import score
from tiercast.serving.tiers import assign
from tiercast.tiers.concentration import NothingToShare, concentration, quotas
from tiercast.tiers.history import NoTierHistory
from tiercast.tiers.migration import forecast, forecast_migration, pairs_of
from tiercast.tiers.policy import BadPolicy, thaw
from tiercast.tiers.pyramid import PYRAMID
from tiercast.tiers.simulate import simulate, with_shares
from tiercast.tiers.value_tiers import VALUE_TIERS

DAY = date(2026, 3, 2)
SEEN = pd.DataFrame({"expected_value_currency": np.arange(1000.0)})


def gini_by_differences(values: np.ndarray) -> float:
    """Return Gini's mean difference over twice the mean: the definition, over all pairs."""
    return float(np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean()))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda found: sum(found) > 1e-3))
def test_gini_is_the_mean_difference_and_lorenz_rises_from_nothing_to_all(values: list[float]) -> None:
    told = concentration(np.array(values))
    assert told.gini == pytest.approx(gini_by_differences(np.array(values)), abs=1e-9)
    held = told.lorenz["value_share"].to_numpy()
    assert held[0] == 0
    assert held[-1] == pytest.approx(1)
    assert (np.diff(held) >= -1e-12).all()
    assert (held <= told.lorenz["customers_share"] + 1e-12).all()
    assert told.top_value_share >= 0.2 - 1e-9


def test_eighty_twenty_is_measured_and_never_assumed() -> None:
    told = concentration(np.array([5.0] * 80 + [80.0] * 20))
    assert told.top_value_share == pytest.approx(0.8)
    assert concentration(np.array([1.0, 1.0, 1.0, 1.0, 1.0])).top_value_share == pytest.approx(0.2)
    assert concentration(np.array([1.0, -5.0, np.nan, 3.0])).negative == 1


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [np.nan], [-1.0, -2.0]])
def test_nothing_to_share_is_refused_with_a_code(values: list[float]) -> None:
    with pytest.raises(NothingToShare) as refused:
        concentration(np.array(values))
    assert refused.value.code == "NOTHING_TO_SHARE"


def test_quotas_stand_beside_what_came_of_them() -> None:
    frozen = VALUE_TIERS.freeze(SEEN)
    told = quotas(frozen, assign(frozen, SEEN)["tier"]).set_index("tier")
    np.testing.assert_allclose(told["quota"][:-1], [0.01, 0.04, 0.05, 0.15, 0.25, 0.5])
    np.testing.assert_allclose(told["ladder_share"][:-1], told["quota"][:-1])
    assert told["customers"].sum() == 1000
    assert quotas(frozen, pd.Series([], dtype=object))["customers"].sum() == 0


def test_a_wider_share_moves_exactly_those_between_the_two_cuts() -> None:
    frozen = VALUE_TIERS.freeze(SEEN)
    wider = with_shares(thaw(frozen), {"gold": 0.08}).freeze(SEEN)
    before = SEEN.copy()
    tried = simulate(SEEN, frozen, wider)
    pd.testing.assert_frame_equal(SEEN, before)
    assert (tried.customers, tried.moved, tried.same_classes) == (1000, 30, True)
    assert tried.counts.loc["silver", "gold"] == 30
    assert tried.shares.loc["silver", "gold"] == 0.6
    assert int(tried.counts.to_numpy().sum()) == 1000
    assert simulate(SEEN, frozen, frozen).moved == 0


def test_what_is_in_force_may_be_given_and_brakes_do_not_act_on_what_is_tried() -> None:
    frozen = VALUE_TIERS.freeze(SEEN)
    kept = pd.Series(["platinum"] * 1000, dtype=object)
    remembered = SEEN.assign(tier_before="platinum", tier_since_on="2026-03-01", cutoff=DAY)
    tried = simulate(remembered, frozen, frozen, tiers_now=kept)
    assert tried.counts.loc["platinum"].to_dict()["low"] == 500
    assert tried.moved == 990


def test_another_policy_and_nobody_at_all_give_a_matrix_too() -> None:
    frame = SEEN.assign(days_since_purchase=3.0, interest_touchpoints=0.0, touchpoints=1.0)
    tried = simulate(frame, VALUE_TIERS.freeze(frame), PYRAMID.freeze(frame))
    assert not tried.same_classes
    assert tried.counts.loc["platinum", "top"] == 10
    empty = simulate(frame.iloc[:0], VALUE_TIERS.freeze(frame), VALUE_TIERS.freeze(frame))
    assert (empty.customers, empty.moved) == (0, 0)
    assert np.isnan(empty.moved_share)


@pytest.mark.parametrize("shares", [{"best": 0.1}, {"gold": 1.2}, {"gold": 0.2, "silver": 0.1}])
def test_a_share_that_no_policy_can_have_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(BadPolicy):
        with_shares(VALUE_TIERS, shares)


def matrix(counts: list[list[int]]) -> pd.DataFrame:
    return pd.DataFrame(counts, index=["high", "low"], columns=["high", "low"])


def one_pair(counts: list[list[int]], today: dict[str, int], *, span: int = 30, pairs: int = 1):
    ends = [
        (DAY + timedelta(days=span * place), DAY + timedelta(days=span * (place + 1)))
        for place in range(pairs)
    ]
    return forecast([matrix(counts)] * pairs, pd.Series(today), ends, policy="p", cutoff=DAY, horizon_days=30)


def test_the_forecast_is_the_count_of_moves_with_jeffreys_prior() -> None:
    told = one_pair([[90, 10], [20, 180]], {"high": 101, "low": 201})
    np.testing.assert_allclose(told.probabilities, [[90.5 / 101, 10.5 / 101], [20.5 / 201, 180.5 / 201]])
    then = told.expected.set_index("tier")["customers_then"]
    assert then["high"] == pytest.approx(90.5 + 20.5)
    assert then.sum() == pytest.approx(302)
    assert "lower bound" in told.method
    assert told.overdispersion is None


def test_the_interval_of_independent_customers_holds_what_it_says() -> None:
    chance = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        stay, come = chance.beta(8, 2), chance.beta(2, 8)
        past = np.array([chance.binomial(300, stay), chance.binomial(500, come)])
        told = one_pair(
            [[past[0], 300 - past[0]], [past[1], 500 - past[1]]], {"high": 320, "low": 480}
        ).expected
        then = chance.binomial(320, stay) + chance.binomial(480, come)
        inside += told["customers_then_low"][0] <= then <= told["customers_then_high"][0]
    assert 0.75 <= inside / 400 <= 0.87


def test_customers_that_move_together_widen_the_interval() -> None:
    calm = one_pair([[90, 10], [20, 180]], {"high": 100, "low": 200}, pairs=4)
    ends = [(DAY, DAY + timedelta(days=30))] * 4
    wild = forecast(
        [matrix([[90, 10], [20, 180]]), matrix([[50, 50], [80, 120]])] * 2,
        pd.Series({"high": 100, "low": 200}), ends, policy="p", cutoff=DAY, horizon_days=30,
    )  # fmt: skip

    def width(told) -> float:
        return float((told.expected["customers_then_high"] - told.expected["customers_then_low"])[0])

    assert calm.overdispersion == pytest.approx(0, abs=1e-9)
    assert wild.overdispersion is not None
    assert wild.overdispersion > 10
    assert width(wild) > 3 * width(calm)


@pytest.mark.parametrize("customers", [24, 99, 370, 1976])
def test_independent_customers_show_an_overdispersion_of_one_at_every_size(customers: int) -> None:
    chance = np.random.default_rng(5)
    keys = ["top", "large", "medium", "small", "inactive"]
    stay = np.full((5, 5), 0.03) + np.eye(5) * 0.85
    share = np.array([0.01, 0.04, 0.15, 0.5, 0.3])
    today = pd.Series(np.round(customers * share), index=keys)
    ends = [(DAY, DAY + timedelta(days=30))] * 4
    found = []
    for _ in range(150):
        moves = [
            pd.DataFrame(
                [
                    chance.multinomial(held, row)
                    for held, row in zip(chance.multinomial(customers, share), stay, strict=True)
                ],
                index=keys,
                columns=keys,
            )
            for _ in ends
        ]
        told = forecast(moves, today, ends, policy="p", cutoff=DAY, horizon_days=30).overdispersion
        assert told is not None
        found.append(told)
    assert np.mean(found) == pytest.approx(1.0, abs=0.06)


def test_a_class_that_is_empty_in_most_pairs_counts_for_no_freedom() -> None:
    ends = [(DAY, DAY + timedelta(days=30))] * 4
    moves = [
        matrix([[9, 1], [0, 0]]),
        matrix([[5, 5], [2, 2]]),
        matrix([[9, 1], [0, 0]]),
        matrix([[9, 1], [0, 0]]),
    ]
    told = forecast(moves, pd.Series({"high": 10, "low": 4}), ends, policy="p", cutoff=DAY, horizon_days=30)
    meant = np.array([8.0, 2.0])
    squares = sum(((np.array(row) - meant) ** 2 / meant).sum() for row in ([9, 1], [5, 5], [9, 1], [9, 1]))
    assert told.overdispersion == pytest.approx(
        squares / 3
    )  # one less than the four pairs with anybody in "high"


def test_a_short_history_is_carried_to_the_horizon_and_says_so() -> None:
    told = one_pair([[90, 10], [0, 200]], {"high": 1000, "low": 0}, span=10)
    step = 90.5 / 101
    assert told.probabilities.loc["high", "high"] == pytest.approx(step**3, abs=0.02)
    assert "power 3.00" in told.method


def test_pairs_do_not_overlap_and_lie_as_near_to_the_horizon_as_the_history_allows() -> None:
    nightly = [DAY + timedelta(days=day) for day in range(95)]
    found = pairs_of(nightly, 30)
    assert [(second - first).days for first, second in found] == [30, 30, 30]
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    assert found[-1][1] == nightly[-1]
    assert pairs_of(nightly[:5], 30) == [(nightly[0], nightly[4])]


def test_the_forecast_reads_the_history_of_a_folder_and_refuses_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NoTierHistory, match="2 cutoffs, there is: none"):
        forecast_migration(tmp_path)
    values = {f"c{number:03}": float(number % 100) for number in range(300)}
    score(tmp_path, values, DAY)
    with pytest.raises(NoTierHistory, match="2 cutoffs, there is: 1") as refused:
        forecast_migration(tmp_path)
    assert (refused.value.code, refused.value.exit_code) == ("NO_TIER_HISTORY", 4)
    score(
        tmp_path,
        {name: 99.9 if value >= 95 else value for name, value in values.items()},
        DAY + timedelta(days=30),
    )
    order = [each.key for each in VALUE_TIERS.classes]
    told = forecast_migration(tmp_path, best_first=lambda _: order)
    assert told.expected["tier"].tolist() == order[:-1]
    assert told.pairs == ((DAY, DAY + timedelta(days=30)),)
    assert told.expected.set_index("tier").loc["platinum", "customers_now"] == 15
