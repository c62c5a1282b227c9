"""What the fitted calibrations promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from tiercast.evaluation.calibration import (
    fit_beta,
    fit_calibration,
    fit_isotonic,
    fit_platt,
    level_factor,
    shift_level,
)
from tiercast.evaluation.probability import expected_calibration_error, log_loss, roc_auc
from tiercast.serving.calibration import Calibration


def _window(
    size: int, *, seed: int = 1, slope: float = 0.5, shift: float = -0.7
) -> tuple[np.ndarray, np.ndarray]:
    """A learner whose logits are twice too bold and too high."""
    random = np.random.default_rng(seed)
    said = expit(random.normal(-0.5, 1.8, size))
    return said, (random.uniform(size=size) < expit(slope * logit(said) + shift)).astype(float)


@pytest.mark.parametrize(("size", "kind"), [(150, "identity"), (3_000, "platt"), (20_000, "isotonic")])
def test_the_number_of_events_chooses_the_map(size, kind):
    assert fit_calibration(*_window(size)).kind == kind


def test_the_rarer_outcome_is_what_counts():
    happened = np.r_[np.zeros(50), np.ones(5_000)]
    assert fit_calibration(np.linspace(0.01, 0.99, 5_050), happened).kind == "identity"


@pytest.mark.parametrize("fit", [fit_isotonic, fit_platt, fit_beta])
def test_a_fitted_map_repairs_new_customers(fit):
    fitted = fit(*_window(20_000, seed=1))
    said, happened = _window(20_000, seed=2)
    repaired = fitted.calibrate(said)
    assert expected_calibration_error(happened, repaired) < 0.2 * expected_calibration_error(happened, said)
    assert log_loss(happened, repaired) < log_loss(happened, said)
    assert roc_auc(happened, repaired) == pytest.approx(roc_auc(happened, said), abs=0.002)


def test_platt_finds_the_line_that_made_the_rows():
    fitted = fit_platt(*_window(50_000))
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.5, -0.7), abs=0.03)


def test_platt_agrees_with_a_logistic_regression_but_for_its_soft_targets():
    said, happened = _window(20_000)
    peer = LogisticRegression(C=1e6, tol=1e-8).fit(logit(said)[:, None], happened)
    fitted = fit_platt(said, happened)
    assert (fitted.slope, fitted.intercept) == pytest.approx((peer.coef_[0, 0], peer.intercept_[0]), abs=2e-3)


def test_a_learner_that_ranks_the_wrong_way_round_is_flattened_and_not_turned():
    said, happened = _window(5_000, slope=-1.0)
    fitted = fit_platt(said, happened)
    assert fitted.slope == pytest.approx(1e-3)
    assert fitted.calibrate(said).mean() == pytest.approx(happened.mean(), abs=0.01)


def test_separated_rows_keep_the_line_finite():
    fitted = fit_platt(np.tile([0.4, 0.6], 100), np.tile([0.0, 1.0], 100))
    assert np.isfinite(fitted.slope)
    assert 0 < fitted.calibrate([0.4])[0] < fitted.calibrate([0.6])[0] < 1


@given(st.integers(0, 2**16), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_an_isotonic_map_rises_and_never_claims_certainty(seed, size):
    random = np.random.default_rng(seed)
    said = random.uniform(size=size).round(2)
    happened = (random.uniform(size=size) < said).astype(float)
    mapped = fit_isotonic(said, happened).calibrate(np.linspace(0, 1, 101))
    assert (np.diff(mapped) >= 0).all()
    certain = np.concatenate(
        [mapped[said.min() * 100 <= np.arange(101)], mapped[np.arange(101) <= said.max() * 100]]
    )
    assert (certain < 1).all()
    assert (certain > 0).all()


def test_isotonic_keeps_the_total():
    said, happened = _window(20_000)
    fitted = fit_isotonic(said, happened)
    assert fitted.calibrate(said).mean() == pytest.approx(happened.mean(), rel=0.01)


def test_rows_without_a_probability_do_not_count():
    said, happened = _window(3_000)
    with_gaps = np.r_[said, np.full(50, np.nan)], np.r_[happened, np.ones(50)]
    assert fit_calibration(*with_gaps) == fit_calibration(said, happened)


def test_the_level_shift_makes_expected_events_come_true():
    said, happened = _window(4_000)
    fitted = shift_level(Calibration("identity"), said, happened)
    assert fitted.calibrate(said).sum() == pytest.approx(happened.sum(), rel=1e-6)
    assert fitted.logit_shift < 0


def test_the_level_shift_replaces_an_earlier_one_and_is_held():
    said = np.full(200, 0.5)
    earlier = Calibration("identity", logit_shift=0.8)
    assert shift_level(earlier, said, np.tile([0.0, 1.0], 100)).logit_shift == pytest.approx(0.0, abs=1e-9)
    assert shift_level(earlier, said, np.ones(200)).logit_shift == 1.0
    assert shift_level(earlier, said, np.zeros(200), largest_logit_shift=0.4).logit_shift == -0.4


@pytest.mark.parametrize(
    ("actual", "predicted", "factor"),
    [(90, 100, 0.9), (10, 100, 0.7), (500, 100, 1.4), (10, 0, 1.0), (-5, 100, 1.0), (float("nan"), 1, 1.0)],
)
def test_the_level_factor_is_held_and_one_where_nothing_can_be_learned(actual, predicted, factor):
    assert level_factor(actual, predicted) == pytest.approx(factor)
