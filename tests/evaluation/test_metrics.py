"""The figures are what the literature says they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from tiercast.evaluation import metrics
from tiercast.evaluation.arrays import MisalignedInput

probabilities = st.lists(st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.7, 0.95]), min_size=12, max_size=60)
amounts = st.lists(st.sampled_from([0.0, 0.0, 1.0, 5.0, 20.0, 300.0]), min_size=5, max_size=60)


def _rows(seed: int, size: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    said = random.beta(1, 3, size).round(2).clip(0.01, 0.99)
    return (random.uniform(size=size) < said).astype(float), said


def test_churn_figures_equal_those_of_scikit_learn():
    happened, said = _rows(1)
    figures = metrics.churn_metrics(happened, said)
    assert figures["log_loss"] == pytest.approx(peer.log_loss(happened, said), rel=1e-12)
    assert figures["brier"] == pytest.approx(peer.brier_score_loss(happened, said), rel=1e-12)
    assert figures["roc_auc"] == pytest.approx(peer.roc_auc_score(happened, said), rel=1e-12)
    assert figures["average_precision"] == pytest.approx(
        peer.average_precision_score(happened, said), rel=1e-12
    )


def test_a_certain_and_wrong_probability_costs_much_but_stays_finite():
    assert 30 < metrics.log_loss([1], [0.0]) < 40


@given(probabilities, st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_never_changes_a_churn_figure(said, seed):
    random = np.random.default_rng(seed)
    happened = random.integers(0, 2, len(said)).astype(float)
    shuffled = random.permutation(len(said))
    before = metrics.churn_metrics(happened, np.array(said))
    after = metrics.churn_metrics(happened[shuffled], np.array(said)[shuffled])
    assert before == pytest.approx(after, nan_ok=True, rel=1e-9)


def test_calibration_error_without_ties_is_that_of_ten_equal_bins():
    random = np.random.default_rng(3)
    said = np.sort(random.uniform(size=200))
    happened = random.integers(0, 2, 200).astype(float)
    by_hand = np.mean(np.abs(said.reshape(10, 20).mean(axis=1) - happened.reshape(10, 20).mean(axis=1)))
    assert metrics.expected_calibration_error(happened, said) == pytest.approx(by_hand, rel=1e-12)


def test_a_constant_at_the_base_rate_has_no_calibration_error_and_no_lift():
    happened = np.tile([1.0, 0.0, 0.0, 0.0], 30)
    assert metrics.expected_calibration_error(happened, np.full(120, 0.25)) == pytest.approx(0.0, abs=1e-12)
    assert metrics.top_decile_lift(happened, np.full(120, 0.25)) == pytest.approx(1.0)


def test_perfect_ranking_of_rare_events_lifts_ten_times():
    happened = np.r_[np.ones(5), np.zeros(95)]
    assert metrics.top_decile_lift(happened, happened) == pytest.approx(10.0)


@pytest.mark.parametrize("happened", [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
def test_one_class_only_gives_nan_where_there_is_nobody_to_compare_with(happened):
    figures = metrics.churn_metrics(happened, [0.2, 0.4, 0.9])
    assert np.isnan(figures["roc_auc"])
    assert np.isfinite(figures["log_loss"])
    assert np.isnan(figures["predicted_to_actual"]) == (sum(happened) == 0)


def test_no_rows_give_nan_everywhere():
    assert all(np.isnan(list(metrics.churn_metrics([], []).values())))
    assert all(np.isnan(list(metrics.value_metrics([], []).values())))
    assert all(np.isnan(list(metrics.repurchase_metrics([], [], np.empty((0, 2)), [7, 30]).values())))


def test_a_missing_prediction_makes_the_figure_nan_and_is_never_dropped():
    assert all(np.isnan(list(metrics.churn_metrics([0, 1, 1], [0.2, np.nan, 0.4]).values())))
    assert all(np.isnan(list(metrics.value_metrics([0, 1, 1], [0.2, np.nan, 0.4]).values())))


def test_columns_of_different_length_are_refused_with_a_code():
    with pytest.raises(MisalignedInput) as refused:
        metrics.churn_metrics([0, 1], [0.5])
    assert refused.value.code == "MISALIGNED_INPUT"


@pytest.mark.parametrize(
    ("actual", "predicted", "published"),
    [
        ([1, 2, 3], [10, 20, 30], 1.0),
        ([1, 2, 3], [30, 20, 10], -1.0),
        ([1, 2, 3], [0, 0, 0], -1.0),
        ([3, 2, 1], [0, 0, 0], 1.0),
        ([1, 2, 4, 3], [0, 0, 0, 0], -0.8),
        ([2, 1, 4, 3], [0, 0, 2, 1], 1.0),
        ([0, 20, 40, 0, 10], [40, 40, 10, 5, 5], 0.0),
        ([40, 0, 20, 0, 10], [1000000, 40, 40, 5, 5], 0.6),
        ([40, 20, 10, 0, 0], [40, 20, 10, 0, 0], 1.0),
        ([1, 1, 0, 1], [0.86, 0.26, 0.52, 0.32], -1 / 3),
    ],
)
def test_normalised_gini_equals_the_published_cases_of_the_metrics_suite(actual, predicted, published):
    assert metrics.normalised_gini(actual, predicted) == pytest.approx(published, abs=1e-9)


@given(amounts, st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_gini_and_spearman_see_only_the_order_of_predictions(actual, seed):
    said = np.random.default_rng(seed).normal(size=len(actual))
    assert metrics.normalised_gini(actual, said) == pytest.approx(
        metrics.normalised_gini(actual, np.exp(said)), nan_ok=True
    )
    assert metrics.spearman(actual, said) == pytest.approx(
        metrics.spearman(actual, np.exp(said)), nan_ok=True
    )


def test_value_figures_by_hand():
    figures = metrics.value_metrics([0, 10, 20, 50], [5, 5, 20, 40])
    assert figures["rmse"] == pytest.approx(np.sqrt((25 + 25 + 0 + 100) / 4))
    assert figures["mae"] == pytest.approx(5.0)
    assert figures["total_bias"] == pytest.approx(70 / 80)
    assert figures["capture_20_share"] == pytest.approx(50 * 0.8 / 80)
    assert figures["spearman"] == pytest.approx(0.9486832980505138)


@given(amounts)
@settings(max_examples=60, deadline=None)
def test_a_larger_share_of_customers_never_captures_less_and_all_capture_all(actual):
    said = np.arange(len(actual), dtype=float)
    if sum(actual) == 0:
        assert np.isnan(metrics.capture_share(actual, said, share=0.2))
        return
    captured = [metrics.capture_share(actual, said, share=share) for share in (0.05, 0.1, 0.2, 1.0)]
    assert captured == sorted(captured)
    assert captured[-1] == pytest.approx(1.0)


def test_a_total_that_is_not_positive_has_no_bias_and_no_ranking():
    figures = metrics.value_metrics([-5.0, 0.0], [1.0, 2.0])
    assert np.isnan(figures["total_bias"])
    assert np.isnan(figures["normalised_gini"])
    assert np.isfinite(figures["rmse"])
