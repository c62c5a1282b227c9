"""Buy-till-you-die fits find published optima, known truths in simulated worlds, and never fail."""

import os
import string
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime

from tests.learners.btyd_worlds import Columns, likeliest, simulated
from tiercast.learners.btyd import fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd
from tiercast.learners.btyd_histories import Histories
from tiercast.learners.btyd_likelihood import nbd, pareto_nbd, quits_after_purchase
from tiercast.serving.btyd import BgNbd, MbgNbd, ParetoNbd
from tiercast.serving.btyd_arithmetic import History

FITS = (fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd)

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("TIERCAST_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
CDNOW = SHARED_DATA / "cdnow.parquet"
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason=f"no cdnow.parquet in {SHARED_DATA.name}/")

# Which of the master's 23,570 customers are in the published sample of 2,357 (Fader & Hardie,
# CDNOW_sample.txt). It is no fixed stride: each character is the step from one sampled customer number to
# the next, in digits, a-z, A-Z.
STEPS = (
    "4e3tabfp111h2if1ehad5269d5kgf2j893elkh4b1we2deecg42h3s72f9bjcgghj14d2596li2l1h6ie5ibbgfn2k1fcij2772e"
    "j897eleh1a1df3847f5ba7fc3d27f358dhh3g5eac4g17f2b9d54497862141ha97f66b3523k9hg3b6djd31eb9gcfe6epg34i1"
    "f57325ifjj1d413b47bji2f5pc51o2ga18l8f3a2e7eg1cg4967564d6dfkkggcgk884l42ba71i6a88hf1gc75e34ii4335572b"
    "6dgb2a346m4j158b1e2kj4k6jb1c164b8cl2cc3cad427g2i914987kb294943eb2fi9495gemhcj1jb4a14efl2fb91eiba55i4"
    "8eigd4h36548bhj52cj5bhmgg21l768jg9549f1g3jf49ci9cjkh848fe5954gieg1ehd6n3382c3e6ce2325a22d4jh4c27735d"
    "622c9791i15hg3m52e5kg2c96h22h6g4c5734e6e3glf852d657a6elh68l4h4g2ig2c15da36bn23o3l99eff5253413f32eeje"
    "317afic9eja8a393781gcbkgifhe3hgf3818i4ip3b4gf7a5c7742g7ea9e8f5m59gehb94gfc4rlg2k26ba6fn6e6d3lcga62g4"
    "3d3alm9288286c464i6756cfdgd3c42b8a73s6892f44761c77b25hgc143g4lb78e5cibed1g3gg9aj88f5bj8972be6293flbc"
    "778j7d1hlg5bjo8eglec1167ejm89jhldee3bae16dg2f42ebb4ic1j975fsac8761i2g6fc7fk41nefb22e6c77fd7c95f3b5h5"
    "igdb5b6gifm527lf47974af22fbf4do5ddm1beb645ah4ef1d42jib4o1kghf3cm3bg7hf14c619f598885371b5f76e2fil7943"
    "h4b6aa4b86b1fb43c8478a3cj3e343d5de13idhih276n2865996c9h6bh791h78hhdifcjdhdi4ceh2c41gb5dck4d3gi343bc2"
    "3f3hgmpie6d54d1ijcd53g75767266fb7b62ie8368gig27ie31h4f9263d6e6ab612515gje7a3159c4eskb5hdnm3e89gm6doh"
    "566d4b11ii1hc4hlf4i2bk251b212i4539edhf773d8d9eldc2ihdedgc8fe672bk6dhfe6bic4487e2go556c145b88fj5dbgf2"
    "8555e15d188a956ei4a81en4ka889477f3b5c5548289a4i481f4i9cc849ig21cjfgj38197a3cd7f8892gfdcef31f7e12d5b8"
    "hb788g56a3j41i1jhe6jj23b1kga8hj11gbbdd38bg1k12fifc11g1j96e17hlifdd1e15483je1777514387459i8261b15f3bh"
    "abhhdcfmh31b31hf397jb5io2dihb6g1d5fgl7bce7bh18bf21e3mc72fp2ab3dn9hga7ff12b3b47a5fdka4b1h56b23jcd213f"
    "564giedh1gf2c4h4jf8aebj99hicc71e2a532jb33lgff1c24e14h4g774iee985e614eee2fgkeigib9b41ffh9b79cb9c69ihe"
    "1d967ce425eg6ge648432c5dffdcl1iegh776dpfjae1d8a5kc14gg45adgb5jbg5hg378ijda3cbb579b15jf2a7m873rf64f15"
    "235327293e49kj3cf1h4bf2b63ec74hlg3cf31cgeg6aih69iejhcc4637f6c56ckf996caj486177h4d8ef1ig7f15e2d2ed8hl"
    "f4i71b5d445i3mi48f9dh3f4bg98c5c78de1f2ic44d4b983i9afch3h59i4d3gnf2degl42i3edcdbie52512428caeggigbd9i"
    "ho8751d334a5ddbde4gggeegff54aga6f12hee3bild7d2iha9g9bchc519292h7d4j2jce78c1lb3ccdige63ac27124ed7cc5f"
    "2f3ca3676b3764b629e1i2idd62bdehag46i4ahknb3if1d3e2d2d782dde26362k4b1gejig27bn3m392784gd98a45c277kgd8"
    "476fci2ca1da12h2fiee89bhf51be3el11dckeifg6e17a89fd11gdeffdc83ehpda6a7e97gcgie8jhb4bjb53839gd3mdg95e5"
    "39d47d314724l21a88c2ggecdc2dci516da64e529f21g3d2612eee32d"
)


def histories(orders: pd.DataFrame, last_day: str) -> Columns:
    day = orders["timestamp"].dt.normalize()
    seen = day[day <= last_day].groupby(orders["customer_id"]).agg(["min", "max", "nunique"])
    return {
        "repeat_order_days": (seen["nunique"] - 1).to_numpy(float),
        "purchase_span_days": (seen["max"] - seen["min"]).dt.days.to_numpy(float),
        "customer_age_days": (pd.Timestamp(last_day) - seen["min"]).dt.days.to_numpy(float),
    }


@pytest.fixture(scope="module")
def master() -> pd.DataFrame:
    return pd.read_parquet(CDNOW)


@pytest.fixture(scope="module")
def sample(master: pd.DataFrame) -> pd.DataFrame:
    alphabet = string.digits + string.ascii_letters
    numbers = list(accumulate(alphabet.index(step) for step in STEPS))
    assert len(numbers) == 2357
    return master[master["customer_id"].astype(int).isin(numbers)]


@needs_cdnow
def test_bg_nbd_reaches_the_published_optimum(sample: pd.DataFrame) -> None:
    """Fader, Hardie & Lee (2005), Table 2, time in weeks; log-likelihood -9582.4."""
    fit = fit_bg_nbd(**histories(sample, "1997-09-30"))
    assert isinstance(fit.model, BgNbd)
    found = (fit.model.r, fit.model.alpha_days / 7, fit.model.a, fit.model.b)
    np.testing.assert_allclose(found, (0.243, 4.414, 0.793, 2.426), atol=6e-4)
    assert round(fit.log_likelihood, 1) == -9582.4
    assert fit.converged
    assert fit.fallback is None
    assert fit.customers == 2357


@needs_cdnow
def test_pareto_nbd_reaches_the_published_optimum(sample: pd.DataFrame) -> None:
    """Fader, Hardie & Lee (2005), Table 2, time in weeks; log-likelihood -9595.0."""
    fit = fit_pareto_nbd(**histories(sample, "1997-09-30"))
    assert isinstance(fit.model, ParetoNbd)
    found = (fit.model.r, fit.model.alpha_days / 7, fit.model.s, fit.model.beta_days / 7)
    np.testing.assert_allclose(found, (0.553, 10.578, 0.606, 11.668), atol=1.1e-3)
    assert round(fit.log_likelihood, 1) == -9595.0


@needs_cdnow
def test_the_whole_cdnow_cohort_fits_in_seconds_and_ranks_returns(master: pd.DataFrame) -> None:
    """39 weeks after 1997-09-30: likelihood, error and level of the counts as lifetimes 0.11.3 has them."""
    columns = histories(master, "1997-09-30")
    day = master["timestamp"].dt.normalize()
    later = master[day > "1997-09-30"].assign(day=day).groupby("customer_id")["day"].nunique()
    future = later.reindex(np.sort(master["customer_id"].unique()), fill_value=0).to_numpy(float)
    started = time.process_time()
    for fit_one, log_likelihood, rmse, bias in (
        (fit_bg_nbd, -95368.4439, 1.733, 0.857),
        (fit_mbg_nbd, -95336.9583, 1.740, 0.809),
        (fit_pareto_nbd, -95415.1186, 1.726, 0.871),
    ):
        fit = fit_one(**columns)
        assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
        expected = fit.model.expected_orders(39 * 7, **columns)
        assert np.sqrt(np.mean((expected - future) ** 2)) == pytest.approx(rmse, abs=0.003)
        assert expected.sum() / future.sum() == pytest.approx(bias, abs=0.004)
    assert time.process_time() - started < 20
    assert likeliest(**columns).model.type == "mbg_nbd"


@pytest.mark.parametrize(
    ("fit_one", "truth"),
    [
        (fit_bg_nbd, BgNbd(r=0.7, alpha_days=30.0, a=0.8, b=2.5)),
        (fit_mbg_nbd, MbgNbd(r=0.8, alpha_days=25.0, a=0.7, b=1.8)),
        (fit_pareto_nbd, ParetoNbd(r=0.9, alpha_days=30.0, s=0.8, beta_days=120.0)),
    ],
    ids=["bg_nbd", "mbg_nbd", "pareto_nbd"],
)
def test_a_simulated_world_is_recovered_and_its_future_foretold(fit_one: Any, truth: Any) -> None:
    columns, later, _ = simulated(truth, 20_000, seed=7, horizon=90.0)
    fit = fit_one(**columns)
    assert fit.fallback is None
    fitted, true = (np.array(list(model.to_json().values())[2:]) for model in (fit.model, truth))
    np.testing.assert_allclose(fitted, true, rtol=0.15)
    for model in (truth, fit.model):
        expected = model.expected_orders(90.0, **columns)
        returns = model.purchase_probability(90.0, **columns)
        assert expected.sum() == pytest.approx(later.sum(), rel=0.03)
        assert returns.sum() == pytest.approx((later > 0).sum(), rel=0.03)
        for tenth in np.array_split(np.argsort(returns, kind="stable"), 10):
            noise = 4.5 * np.sqrt(np.mean(returns[tenth] * (1 - returns[tenth])) / len(tenth))
            assert abs(returns[tenth].mean() - (later[tenth] > 0).mean()) < noise + 1e-3
    assert likeliest(**columns).model.type == truth.type


@pytest.mark.parametrize("name", ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd"])
def test_gradients_are_the_slopes_of_the_likelihood(name: str) -> None:
    likelihood = {
        "nbd": nbd,
        "bg_nbd": lambda at, seen: quits_after_purchase(at, seen, may_quit_at_first=False),
        "mbg_nbd": lambda at, seen: quits_after_purchase(at, seen, may_quit_at_first=True),
        "pareto_nbd": pareto_nbd,
    }[name]
    rows = History.of([0, 1, 1, 4, 30], [0, 3, 20, 38, 39], [39, 39, 30, 39, 40])
    seen = Histories.collapse(rows)
    for at in (np.zeros(4), np.array([-1.2, 1.5, -0.5, 2.0]), np.array([2.0, -1.0, 1.0, 4.0])):
        at = at[:2] if name == "nbd" else at
        _, gradient = likelihood(at, seen)
        numeric = approx_fprime(at, lambda here: likelihood(here, seen)[0].sum(), 1e-6)
        np.testing.assert_allclose(gradient.sum(axis=1), numeric, rtol=2e-4, atol=2e-4)


def test_the_unit_of_time_does_not_move_the_answer() -> None:
    columns, _, _ = simulated(MbgNbd(r=0.8, alpha_days=25.0, a=0.7, b=1.8), 2_000, seed=3, horizon=1.0)
    stretched = {name: column * (1 if name == "repeat_order_days" else 7) for name, column in columns.items()}
    for fit_one in FITS:
        days, weeks = fit_one(**columns), fit_one(**stretched)
        assert weeks.model.alpha_days == pytest.approx(7 * days.model.alpha_days, rel=1e-3)
        repeats = columns["repeat_order_days"].sum()
        assert weeks.log_likelihood == pytest.approx(days.log_likelihood - repeats * np.log(7), rel=1e-6)


def test_customers_without_purchases_and_the_order_of_rows_do_not_matter() -> None:
    columns, _, _ = simulated(BgNbd(r=0.7, alpha_days=30.0, a=0.8, b=2.5), 500, seed=1, horizon=1.0)
    padded = {name: np.append(column[::-1], [np.nan, np.nan]) for name, column in columns.items()}
    for fit_one in FITS:
        assert fit_one(**padded) == fit_one(**columns)


def test_a_world_in_which_nobody_leaves_is_told_as_such() -> None:
    random = np.random.default_rng(5)
    age = random.integers(100, 600, 4_000).astype(float)
    x = random.poisson(random.gamma(2.0, 1 / 60, 4_000) * age)
    span = np.where(x > 0, age * random.beta(np.maximum(x, 1), 1), 0.0)
    columns = {"repeat_order_days": x, "purchase_span_days": span, "customer_age_days": age}
    for fit_one in FITS:
        fit = fit_one(**columns)
        assert fit.fallback in (None, "NBD")
        assert fit.model.alive_probability(**columns).mean() > 0.97
        assert fit.model.r == pytest.approx(2.0, rel=0.1)


def test_when_nobody_came_back_one_pooled_rate_answers_and_says_so() -> None:
    columns = {name: np.array(column, dtype=float) for name, column in (
        ("repeat_order_days", [0, 0, 0]), ("purchase_span_days", [0, 0, 0]), ("customer_age_days", [10, 200,
        300]),
    )}  # fmt: skip
    for fit_one in (*FITS, likeliest):
        fit = fit_one(**columns)
        assert fit.fallback == "EMPIRICAL_RATES"
        assert not fit.converged
        assert fit.customers == 3
        returns = fit.model.purchase_probability([28, 90], **columns)
        assert np.all((returns > 0) & (returns < 0.3))
        assert np.all(np.diff(returns, axis=1) > 0)


def test_an_even_sample_of_very_many_distinct_histories_stands_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns, _, _ = simulated(MbgNbd(r=0.8, alpha_days=25.0, a=0.7, b=1.8), 20_000, seed=9, horizon=1.0)
    every = fit_mbg_nbd(**columns)
    monkeypatch.setattr("tiercast.learners.btyd._MOST_HISTORIES", 5_000)
    some = fit_mbg_nbd(**columns)
    assert 4_990 <= some.customers <= 5_000
    assert every.customers == 20_000
    expected, foretold = (fit.model.expected_orders(90, **columns).sum() for fit in (every, some))
    assert foretold == pytest.approx(expected, rel=0.03)
