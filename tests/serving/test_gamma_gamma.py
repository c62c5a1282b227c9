"""A customer's future spend per purchase day lies between her own mean and everybody's."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiercast.serving.btyd_arithmetic import BadHistory, BadParameters
from tiercast.serving.gamma_gamma import GammaGamma

CDNOW = GammaGamma(p=6.25, q=3.74, gamma_currency=15.44)


def test_published_shrinkage_of_cdnow_customer_one() -> None:
    """Fader & Hardie (2013): two repeat transactions of 22.35 on average; expected 24.66, population 35.2."""
    expected = CDNOW.expected_mean_spend(order_days=[2], order_day_spend_mean_currency=[22.35])
    assert expected[0] == pytest.approx(24.66, abs=0.01)
    assert CDNOW.population_mean_currency == pytest.approx(35.2, abs=0.05)


def test_the_answer_is_the_integral_over_all_personal_means() -> None:
    scale = np.exp(np.linspace(-25, 10, 20_000))
    for n, mean in [(1, 12.0), (4, 80.0), (30, 31.0)]:
        log_weight = CDNOW.q * np.log(scale) - CDNOW.gamma_currency * scale
        log_weight += CDNOW.p * n * np.log(scale) - scale * n * mean
        weight = np.exp(log_weight - log_weight.max())
        expected = (weight * CDNOW.p / scale).sum() / weight.sum()
        got = CDNOW.expected_mean_spend(order_days=[n], order_day_spend_mean_currency=[mean])[0]
        assert got == pytest.approx(expected, rel=1e-9)


def test_nobody_without_spend_gets_nan_they_get_the_population_mean() -> None:
    nan = float("nan")
    got = CDNOW.expected_mean_spend(
        order_days=[nan, 0, 3, 3, 3], order_day_spend_mean_currency=[nan, nan, 0.0, -5.0, float("inf")]
    )
    np.testing.assert_allclose(got, CDNOW.population_mean_currency)


@given(n=st.integers(1, 10**9), mean=st.floats(1e-6, 1e9))
def test_the_answer_lies_between_own_and_population_mean(n: int, mean: float) -> None:
    got = CDNOW.expected_mean_spend(order_days=[n], order_day_spend_mean_currency=[mean])[0]
    low, high = sorted([mean, CDNOW.population_mean_currency])
    assert low * (1 - 1e-9) <= got <= high * (1 + 1e-9)


def test_more_purchase_days_pull_towards_the_own_mean() -> None:
    got = CDNOW.expected_mean_spend(order_days=[1, 5, 50, 5000], order_day_spend_mean_currency=[100.0] * 4)
    assert np.all(np.diff(got) > 0)
    assert got[-1] == pytest.approx(100, rel=1e-3)


def test_json_and_refusals() -> None:
    assert GammaGamma.from_json(json.loads(json.dumps(CDNOW.to_json()))) == CDNOW
    for p, q in ((1.0, 1.0), (-1.0, 2.0)):
        with pytest.raises(BadParameters):
            GammaGamma(p=p, q=q, gamma_currency=1.0)
    with pytest.raises(BadParameters):
        GammaGamma.from_json({**CDNOW.to_json(), "type": "bg_nbd"})
    with pytest.raises(BadHistory):
        CDNOW.expected_mean_spend(order_days=[1, 2], order_day_spend_mean_currency=[1.0])
