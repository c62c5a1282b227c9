"""No cohort, however small, uniform, absurd or contradictory, breaks a fit or its answers; what fell back says so."""

from typing import Any

import numpy as np
import pytest

from tests.learners.btyd_worlds import Columns, likeliest
from tiercast.learners.btyd import (
    fit_bg_nbd,
    fit_every_btyd,
    fit_mbg_cnbd,
    fit_mbg_nbd,
    fit_pareto_nbd,
)
from tiercast.serving.btyd_arithmetic import History
from tiercast.serving.parts import restore

FALLBACKS = (None, "GAPS_UNKNOWN", "NBD", "EMPIRICAL_RATES")
HORIZONS = [0, 1, 7, 28, 365, 3650, 40_000]
NAMES = ("repeat_order_days", "purchase_span_days", "customer_age_days")


def chosen_cohorts() -> dict[str, tuple[Any, Any, Any]]:
    """Cohorts that break optimisers, each for a reason."""
    nan, many = float("nan"), 100_000
    return {
        "nobody": ([], [], []),
        "only NaN": ([nan] * 3, [nan] * 3, [nan] * 3),
        "some NaN": ([3, nan, 0, 1], [20, 5, nan, 9], [30, 40, 50, nan]),
        "contradictory": ([1, 2], [50, 60], [10, 20]),
        "one customer of today": ([0], [0], [0]),
        "all of today": ([0] * 9, [0] * 9, [0] * 9),
        "all one-time": ([0] * 50, [0] * 50, range(50)),
        "repeats in no time": ([3, 2], [0, 0], [0, 0]),
        "one customer": ([4], [80], [90]),
        "one customer who bought twice": ([1], [80], [90]),
        "one one-time customer": ([0], [0], [90]),
        "one daily customer": ([90], [90], [90]),
        "two customers": ([1, 6], [40, 80], [90, 90]),
        "two equal customers": ([2, 2], [30, 30], [60, 60]),
        "two opposites": ([0, 5000], [0, 5000], [5000, 5000]),
        "all left at once": ([1] * 50, [1] * 50, [1000] * 50),
        "all bought yesterday": ([1] * 50, [999] * 50, [1000] * 50),
        "all daily": ([300] * 40, [300] * 40, [300] * 40),
        "all daily until long ago": ([300] * 40, [300] * 40, [3000] * 40),
        "all weekly": ([52] * 40, [364] * 40, [364] * 40),
        "all the same": ([5] * 500, [200] * 500, [300] * 500),
        "one daily among one-timers": ([0] * 500 + [400], [0] * 500 + [400], [400] * 501),
        "a wholesaler": ([0, 1, 1, 2, many], [0, 9, 30, 40, 700], [700] * 5),
        "wholesalers only": ([many, many + 1], [699, 700], [700, 700]),
        "huge counts": ([10**6, 10**7, 10**8], [700, 699, 700], [700] * 3),
        "a century": ([3, 9, 0], [20_000, 30_000, 0], [36_500] * 3),
        "seconds as days": ([3, 9, 0, 1], [2e7, 3e7, 0, 1e6], [4e7] * 4),
        "ages beyond reason": ([3, 9, 0, 1], [2e14, 3e14, 0, 1e13], [4e14] * 4),
        "fractions of a day": ([3, 9, 0, 1], [2e-4, 3e-4, 0, 1e-5], [4e-4] * 4),
        "fractional counts": ([0.5, 1.5, 0], [10, 20, 0], [40] * 3),
        "repeats without span": ([2, 3, 0], [0, 0, 0], [100] * 3),
        "span without repeats": ([0, 0, 1], [50, 20, 30], [100] * 3),
        "negative counts": ([-1, 2, 3], [5, 30, 40], [50] * 3),
        "infinite": ([np.inf, 1, 2], [5, 5, 9], [50, np.inf, 20]),
        "zero ages beside old ones": ([0, 0, 0, 7], [0, 0, 0, 300], [0, 0, 0, 400]),
    }


def drawn_cohorts() -> dict[str, tuple[Any, Any, Any]]:
    """Cohorts of every size and pace, at random, with ties and without."""
    random = np.random.default_rng(11)
    cohorts: dict[str, tuple[Any, Any, Any]] = {}
    for customers in (1, 2, 3, 5, 10, 30, 100):
        for mean in (0.01, 0.3, 3.0, 50.0, 1000.0, 1e5):
            for oldest in (1, 30, 800, 20_000):
                x = random.poisson(mean, customers)
                age = random.integers(0, oldest + 1, customers)
                share = random.random() if customers % 2 else random.random(customers)
                cohorts[f"{customers} customers to {oldest} days, about {mean:g} repeats"] = (
                    x,
                    np.where(x > 0, share * age, 0),
                    age,
                )
    return cohorts


COHORTS: dict[str, Columns] = {
    title: dict(zip(NAMES, (np.array(column, dtype=float) for column in columns), strict=True))
    for title, columns in (chosen_cohorts() | drawn_cohorts()).items()
}


def gaps_of(columns: Columns, seed: int) -> np.ndarray:
    """Means of log gaps: regular, irregular, impossible or unknown, by turns of the seed."""
    random = np.random.default_rng(seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        regular = np.log(columns["purchase_span_days"] / columns["repeat_order_days"])
    return (
        regular,
        regular - random.exponential(0.6, len(regular)),
        regular + 50.0,
        np.where(random.random(len(regular)) < 0.3, np.nan, regular - 40.0),
    )[seed % 4]


def test_there_are_two_hundred_cohorts() -> None:
    assert len(COHORTS) >= 200


@pytest.mark.parametrize("title", COHORTS)
def test_no_cohort_breaks_a_fit_or_its_answers(title: str) -> None:
    columns = COHORTS[title]
    gaps = gaps_of(columns, list(COHORTS).index(title))
    known = History.of(**columns).known
    again, span = columns["repeat_order_days"][known] > 0, columns["purchase_span_days"][known] > 0
    every = fit_every_btyd(**columns, gap_log_mean=gaps)
    for fit in (*every, fit_mbg_cnbd(**columns, gap_log_mean=gaps)):
        assert fit.fallback in FALLBACKS
        assert np.any(again & span) or fit.fallback == "EMPIRICAL_RATES"
        assert np.isfinite(fit.log_likelihood)
        assert fit.customers == known.sum()
        assert restore(fit.model.to_json()) == fit.model
        alive = fit.model.alive_probability(**columns)[known]
        returns = fit.model.purchase_probability(HORIZONS, **columns)[known]
        orders = fit.model.expected_orders(HORIZONS, **columns)[known]
        for answer in (alive, returns):
            assert np.all((answer >= 0) & (answer <= 1))
        assert np.all(np.isfinite(orders))
        for answer in (returns, orders):
            assert np.all(answer[:, 0] == 0)
            assert np.all(np.diff(answer, axis=1) >= 0)


@pytest.mark.parametrize("title", chosen_cohorts())
def test_a_model_is_fitted_alone_as_it_is_among_the_others(title: str) -> None:
    columns = COHORTS[title]
    among = fit_every_btyd(**columns)
    assert [fit(**columns) for fit in (fit_mbg_nbd, fit_pareto_nbd, fit_bg_nbd)] == among[:3]
    assert likeliest(**columns) in among
