"""The promotion gate, in words and under simulation."""

import numpy as np
import pytest

from tiercast.evaluation.bootstrap import PairedDifference, paired_loss_difference
from tiercast.evaluation.gate import Comparison, NoRival, decide, judge, share_for_each
from tiercast.evaluation.measures import MEASURES, UnknownMeasure

CUSTOMERS = 250


def _difference(low: float, high: float, *, larger_is_better: bool = False) -> PairedDifference:
    return PairedDifference((low + high) / 2, low, high, 0.5, 0.5, larger_is_better)


def _comparison(low: float, high: float, *, is_guard: bool = False) -> Comparison:
    return Comparison("bg_nbd", "log_loss", is_guard, 0.34, 0.35, _difference(low, high))


def _share_promoted(gain_in_standard_errors: float, *, simulations: int = 300) -> float:
    """Share of simulated challengers promoted over baseline *and* champion, whose losses differ by noise and a gain."""
    random = np.random.default_rng(20)
    promoted = 0
    for simulation in range(simulations):
        noise = random.standard_normal((2, CUSTOMERS))
        rivals = []
        for name, row in zip(("baseline", "champion"), noise, strict=True):
            challenger_loss = row - gain_in_standard_errors / np.sqrt(CUSTOMERS)
            difference = paired_loss_difference(
                challenger_loss, np.zeros(CUSTOMERS), seed=simulation, resamples=200
            )
            rivals.append(Comparison(name, "log_loss", False, challenger_loss.mean(), 0.0, difference))
        promoted += decide(rivals).promoted
    return promoted / simulations


def _share_over_one_rival(gain_in_standard_errors: float, *, simulations: int = 400) -> float:
    random = np.random.default_rng(21)
    wins = 0
    for simulation in range(simulations):
        loss = random.standard_normal(CUSTOMERS) - gain_in_standard_errors / np.sqrt(CUSTOMERS)
        difference = paired_loss_difference(loss, np.zeros(CUSTOMERS), seed=simulation, resamples=200)
        wins += decide([Comparison("baseline", "log_loss", False, loss.mean(), 0.0, difference)]).promoted
    return wins / simulations


def test_equal_challengers_win_at_most_one_time_in_twenty():
    assert _share_over_one_rival(0.0) <= 0.05
    assert _share_promoted(0.0) <= 0.01


def test_worse_challengers_never_win():
    assert _share_over_one_rival(-2.0) == 0.0


def test_a_challenger_better_by_three_and_a_half_standard_errors_wins_almost_always():
    assert _share_over_one_rival(3.5) >= 0.88


def test_it_must_beat_the_champion_as_well_as_the_baseline():
    decision = decide([_comparison(-0.02, -0.01), _comparison(-0.02, 0.001)])
    assert not decision.promoted
    assert len(decision.reasons) == 1
    assert decision.reasons[0].startswith("does not beat bg_nbd on log_loss")
    assert len(decision.comparisons) == 2


def test_a_guard_counts_only_when_its_interval_shows_harm():
    gain = _comparison(-0.02, -0.01)
    assert decide([gain, _comparison(-0.001, 0.03, is_guard=True)]).promoted
    refused = decide([gain, _comparison(0.001, 0.03, is_guard=True)])
    assert not refused.promoted
    assert refused.reasons[0].startswith("does proven harm against bg_nbd")


def test_a_gain_that_cannot_be_computed_does_not_promote():
    nan = float("nan")
    assert not decide([_comparison(nan, nan)]).promoted


def test_guards_alone_are_nothing_to_beat():
    with pytest.raises(NoRival) as refused:
        decide([_comparison(-1, 1, is_guard=True)])
    assert refused.value.code == "NO_RIVAL"


def _world(seed: int = 3, size: int = 1_500) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.beta(1, 3, size).clip(0.01, 0.99)
    happened = (random.uniform(size=size) < truth).astype(float)
    blurred = (truth + random.normal(0, 0.15, size)).clip(0.01, 0.99)
    return happened, truth, blurred, np.full(size, happened.mean())


def test_judge_takes_the_best_baseline_as_the_rival():
    happened, truth, blurred, constant = _world()
    decision = judge(
        happened,
        truth,
        baselines={"constant": constant, "blurred": blurred},
        measure="roc_auc",
        champion=("v1", blurred),
        guards=("expected_calibration_error",),
        seed=1,
        resamples=200,
    )
    assert decision.promoted
    asked = [(c.rival, c.measure, c.is_guard) for c in decision.comparisons]
    assert asked == [
        ("blurred", "roc_auc", False),
        ("v1", "roc_auc", False),
        ("v1", "expected_calibration_error", True),
    ]


def test_better_ranking_does_not_excuse_a_broken_level():
    happened, truth, blurred, _ = _world()
    decision = judge(
        happened,
        truth * 0.4,
        baselines={"blurred": blurred},
        measure="roc_auc",
        guards=("total_bias_distance", "expected_calibration_error"),
        seed=1,
        resamples=200,
    )
    assert not decision.promoted
    assert len(decision.reasons) == 2
    assert all("does proven harm against blurred" in reason for reason in decision.reasons)


def test_a_guard_may_have_a_wider_interval_than_the_gain_that_is_asked_for():
    happened, truth, blurred, _ = _world(size=400)
    asked = {"baselines": {"blurred": blurred}, "measure": "brier", "guards": ("log_loss", MEASURES["rmse"])}
    narrow, wide = (
        judge(happened, truth, **asked, seed=1, resamples=200, guard_confidence_share=share)
        for share in (None, share_for_each(5))
    )
    assert [each.measure for each in wide.comparisons] == ["brier", "log_loss", "rmse"]
    assert wide.comparisons[0] == narrow.comparisons[0]
    for one, alone in zip(wide.comparisons[1:], narrow.comparisons[1:], strict=True):
        assert one.difference.low < alone.difference.low < alone.difference.high < one.difference.high


def test_a_baseline_with_missing_predictions_is_passed_over():
    happened, truth, blurred, constant = _world()
    blurred = np.where(np.arange(blurred.size) < 5, np.nan, blurred)
    decision = judge(
        happened,
        truth,
        baselines={"a_gap": blurred, "constant": constant},
        measure="brier",
        seed=1,
        resamples=100,
    )
    assert decision.comparisons[0].rival == "constant"


def test_value_is_judged_on_several_origins_by_customer():
    random = np.random.default_rng(5)
    spent = random.exponential(40, 600) * random.integers(0, 2, 600)
    decision = judge(
        spent,
        spent + random.normal(0, 10, 600),
        baselines={"mean": np.full(600, spent.mean()), "noise": random.uniform(0, 50, 600)},
        measure="normalised_gini",
        guards=("total_bias_distance",),
        customer=np.tile(np.arange(200), 3),
        seed=1,
        resamples=100,
    )
    assert decision.promoted
    assert decision.reasons[0].startswith("beats ")


def test_no_baseline_and_unknown_measures_are_refused():
    with pytest.raises(NoRival):
        judge([0, 1], [0.1, 0.9], baselines={}, measure="brier", seed=1)
    with pytest.raises(UnknownMeasure):
        judge([0, 1], [0.1, 0.9], baselines={"rule": [0.5, 0.5]}, measure="accuracy", seed=1)
