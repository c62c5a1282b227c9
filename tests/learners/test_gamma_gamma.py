"""The spend fit finds the published optimum, a simulated truth, and an answer for every odd cohort."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime

from tiercast.learners.gamma_gamma import _log_likelihood, fit_gamma_gamma
from tiercast.serving.btyd_arithmetic import BadHistory
from tiercast.serving.gamma_gamma import GammaGamma

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("TIERCAST_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
CDNOW = SHARED_DATA / "cdnow.parquet"


def test_a_simulated_world_is_recovered() -> None:
    random = np.random.default_rng(2)
    n = random.integers(1, 12, 20_000)
    scale = random.gamma(3.7, 1 / 15.4, 20_000)
    mean = random.gamma(6.2 * n, 1 / (scale * n))
    fit = fit_gamma_gamma(order_days=n, order_day_spend_mean_currency=mean)
    assert fit.converged
    assert fit.fallback is None
    np.testing.assert_allclose(
        (fit.model.p, fit.model.q, fit.model.gamma_currency), (6.2, 3.7, 15.4), rtol=0.08
    )
    expected = fit.model.expected_mean_spend(order_days=n, order_day_spend_mean_currency=mean)
    assert expected.mean() == pytest.approx((6.2 / scale).mean(), rel=0.02)


@pytest.mark.skipif(not CDNOW.exists(), reason=f"no cdnow.parquet in {SHARED_DATA.name}/")
def test_the_cdnow_cohort_lands_near_the_published_sample() -> None:
    """Fader & Hardie (2013) on the 1/10 sample, repeat purchases only: p 6.25, q 3.74, gamma 15.44."""
    orders = pd.read_parquet(CDNOW)
    day = orders["timestamp"].dt.normalize()
    by_day = orders[day <= "1997-09-30"].groupby(["customer_id", day])["amount"].sum().reset_index()
    repeat = (
        by_day[by_day.groupby("customer_id").cumcount() > 0]
        .groupby("customer_id")["amount"]
        .agg(["size", "mean"])
    )
    fit = fit_gamma_gamma(order_days=repeat["size"], order_day_spend_mean_currency=repeat["mean"])
    assert fit.converged
    assert fit.fallback is None
    assert (fit.model.p, fit.model.q) == pytest.approx((6.25, 3.74), rel=0.15)
    assert fit.model.population_mean_currency == pytest.approx(35.2, rel=0.1)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    n, mean = np.array([1.0, 4.0, 30.0]), np.array([0.4, 3.0, 1.1])
    for at in (np.zeros(3), np.array([1.8, 1.0, 2.5]), np.array([-2.0, 3.0, -1.0])):
        numeric = approx_fprime(at, lambda here: _log_likelihood(here, n, mean)[0], 1e-6)
        np.testing.assert_allclose(_log_likelihood(at, n, mean)[1], numeric, rtol=2e-4, atol=2e-4)


def test_the_currency_does_not_move_the_answer() -> None:
    random = np.random.default_rng(4)
    n, mean = random.integers(1, 9, 800), random.lognormal(3, 0.6, 800)
    euro = fit_gamma_gamma(order_days=n, order_day_spend_mean_currency=mean)
    yen = fit_gamma_gamma(order_days=n, order_day_spend_mean_currency=mean * 170)
    assert yen.model.gamma_currency == pytest.approx(170 * euro.model.gamma_currency, rel=1e-4)
    assert yen.log_likelihood == pytest.approx(euro.log_likelihood - 800 * np.log(170), rel=1e-9)


ODD = {
    "nobody": ([], []),
    "only NaN": ([np.nan, 2], [np.nan, np.nan]),
    "all returned everything": ([1, 2, 3], [-5, 0, -1]),
    "one customer": ([3], [40]),
    "two equal": ([3, 3], [40, 40]),
    "all the same": ([1] * 50, [9.99] * 50),
    "two customers": ([1, 2], [10, 1000]),
    "all one-time": ([1] * 40, list(np.geomspace(1, 1e5, 40))),
    "two prices": ([1, 2] * 30, [9.99, 10.0] * 30),
    "a wholesaler": ([1, 2, 3, 5000], [12, 15, 9, 1e7]),
    "tiny money": ([1, 2, 3], [1e-9, 3e-9, 2e-9]),
    "huge money": ([1, 2, 3], [1e15, 3e15, 2e15]),
    "huge counts": ([1e6, 1e7, 1e8], [10, 20, 30]),
    "infinite": ([1, np.inf, 2, 3], [np.inf, 3, 4, 9]),
}


@pytest.mark.parametrize("title", ODD)
def test_no_cohort_breaks_the_fit_or_its_answers(title: str) -> None:
    n, mean = (np.array(column, dtype=float) for column in ODD[title])
    fit = fit_gamma_gamma(order_days=n, order_day_spend_mean_currency=mean)
    assert fit.fallback in (None, "POOLED_MEAN")
    assert np.isfinite(fit.log_likelihood) or fit.fallback == "POOLED_MEAN"
    expected = fit.model.expected_mean_spend(order_days=n, order_day_spend_mean_currency=mean)
    assert np.all(np.isfinite(expected))
    assert np.all(expected >= 0)
    assert GammaGamma.from_json(fit.model.to_json()) == fit.model


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadHistory):
        fit_gamma_gamma(order_days=[1, 2], order_day_spend_mean_currency=[1.0])
