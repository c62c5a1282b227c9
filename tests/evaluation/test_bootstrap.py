"""Paired resamples of customers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.evaluation import bootstrap, metrics
from tiercast.evaluation.arrays import MisalignedInput
from tiercast.evaluation.bootstrap import paired_difference, paired_loss_difference
from tiercast.evaluation.measures import MEASURES, UnknownMeasure, figure_of, measure_named

PLAIN = {
    "log_loss": metrics.log_loss,
    "brier": metrics.brier,
    "roc_auc": metrics.roc_auc,
    "expected_calibration_error": metrics.expected_calibration_error,
    "normalised_gini": metrics.normalised_gini,
    "rmse": metrics.rmse,
    "mae": metrics.mae,
    "total_bias_distance": lambda actual, said: abs(metrics.total_bias(actual, said) - 1),
    "average_precision": metrics.average_precision,
    "top_decile_lift": metrics.top_decile_lift,
    "spearman": metrics.spearman,
}


def _rows(seed: int, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    said = random.beta(1, 2, size).clip(0.01, 0.99)
    return (random.uniform(size=size) < said).astype(float), said


def test_every_measure_is_checked_here():
    assert set(PLAIN) == set(MEASURES)


@pytest.mark.parametrize("name", sorted(MEASURES))
@given(seed=st.integers(0, 2**16), size=st.integers(3, 40))
@settings(max_examples=25, deadline=None)
def test_a_measure_on_counts_equals_the_plain_figure_on_the_drawn_rows(name, seed, size):
    random = np.random.default_rng(seed)
    actual = random.integers(0, 2, size).astype(float)
    predicted = random.choice([0.1, 0.3, 0.35, 0.8], size)
    if name in ("normalised_gini", "rmse", "mae", "total_bias_distance", "spearman"):
        actual *= random.choice([1.0, 5.0, 80.0], size)
    counts = np.bincount(random.integers(0, size, size), minlength=size).astype(float)
    drawn = np.repeat(np.arange(size), counts.astype(int))
    counted = MEASURES[name].prepare(actual, predicted)(counts)
    assert counted == pytest.approx(PLAIN[name](actual[drawn], predicted[drawn]), nan_ok=True, abs=1e-9)


def test_the_interval_of_a_mean_loss_is_that_of_theory():
    random = np.random.default_rng(4)
    gain = random.normal(0.1, 1.0, 2_000)
    found = paired_loss_difference(gain, np.zeros(2_000), seed=9, resamples=2_000)
    error = gain.std() / np.sqrt(2_000)
    assert found.estimate == pytest.approx(gain.mean())
    assert found.low == pytest.approx(gain.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(gain.mean() + 1.96 * error, abs=0.15 * error)


@pytest.mark.parametrize("name", ["log_loss", "brier", "roc_auc", "normalised_gini"])
def test_a_clearly_better_challenger_is_seen_and_the_same_swapped_is_worse(name):
    happened, said = _rows(1)
    noise = np.random.default_rng(2).permutation(said)
    better = paired_difference(name, happened, said, noise, seed=3, resamples=200)
    worse = paired_difference(name, happened, noise, said, seed=3, resamples=200)
    assert better.is_better
    assert worse.is_worse
    assert better.estimate == pytest.approx(-worse.estimate)
    assert better.share_better == 1.0
    assert better.p_value < 0.02


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    happened, said = _rows(1)
    first, again, other = (
        paired_difference("brier", happened, said, np.full(400, 0.3), seed=seed, resamples=100)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.low != other.low


def test_an_identical_challenger_is_neither_better_nor_worse():
    happened, said = _rows(1)
    found = paired_difference("roc_auc", happened, said, said, seed=1, resamples=50)
    assert (found.is_better, found.is_worse, found.share_better, found.p_value) == (False, False, 0.0, 1.0)


def test_rows_of_one_customer_are_drawn_together():
    random = np.random.default_rng(6)
    gain = np.repeat(random.normal(0, 1, 200), 10)
    apart = paired_loss_difference(gain, np.zeros(2_000), seed=1)
    together = paired_loss_difference(
        gain, np.zeros(2_000), seed=1, customer=np.repeat(np.arange(200).astype(str), 10)
    )
    widened = (together.high - together.low) / (apart.high - apart.low)
    assert widened == pytest.approx(np.sqrt(10), rel=0.15)


def test_each_row_its_own_customer_in_any_order_is_the_plain_bootstrap_in_distribution():
    random = np.random.default_rng(8)
    gain = random.normal(0.1, 1, 300)
    named = paired_loss_difference(gain, np.zeros(300), seed=1, customer=random.permutation(300))
    plain = paired_loss_difference(gain, np.zeros(300), seed=1)
    assert named.estimate == plain.estimate
    assert (named.high - named.low) == pytest.approx(plain.high - plain.low, rel=0.15)


def test_what_cannot_be_judged_is_nan_and_never_better():
    for found in (
        paired_difference("roc_auc", [1, 1], [0.2, 0.3], [0.1, 0.4], seed=1, resamples=20),
        paired_difference("brier", [1, 0], [0.2, np.nan], [0.1, 0.4], seed=1, resamples=20),
        paired_difference("brier", [], [], [], seed=1, resamples=20),
    ):
        assert np.isnan(found.estimate)
        assert not found.is_better
        assert not found.is_worse


def test_the_given_columns_are_left_unchanged():
    happened, said = _rows(1)
    kept = happened.copy(), said.copy()
    paired_difference("normalised_gini", happened, said, said[::-1], seed=1, resamples=20)
    assert (happened == kept[0]).all()
    assert (said == kept[1]).all()


def test_an_unknown_measure_is_refused_with_what_there_is():
    with pytest.raises(UnknownMeasure, match="there is: average_precision") as refused:
        measure_named("accuracy")
    assert refused.value.body()["error_code"] == "UNKNOWN_MEASURE"


def test_customers_that_do_not_fit_the_rows_are_refused():
    with pytest.raises(MisalignedInput):
        paired_difference("brier", [0, 1], [0.5, 0.5], [0.4, 0.4], seed=1, customer=["a"])


def test_a_figure_without_rows_is_nan():
    assert np.isnan(figure_of(measure_named("rmse"), np.array([]), np.array([])))


def test_holm_equals_the_values_of_r():
    adjusted = bootstrap.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "e": float("nan")})
    assert [adjusted[name] for name in "abcd"] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert np.isnan(adjusted["e"])


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values):
    adjusted = bootstrap.holm(p_values)
    assert set(adjusted) == set(p_values)
    assert all(p <= adjusted[name] <= 1 for name, p in p_values.items())
    by_p = sorted(p_values, key=lambda name: p_values[name])
    assert [adjusted[name] for name in by_p] == sorted(adjusted.values())
