"""The buy-till-you-die models answer what the integral over every possible customer answers."""

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, betaln, expit, gammainc
from scipy.stats import nbinom, poisson

from tiercast.serving.btyd import BgNbd, Btyd, MbgCnbd, MbgNbd, ParetoNbd
from tiercast.serving.btyd_arithmetic import BadHistory, BadHorizon, BadParameters, beta_nodes

CDNOW_BG = BgNbd(r=0.243, alpha_days=4.414 * 7, a=0.793, b=2.426)
CDNOW_MBG = MbgNbd(r=0.525, alpha_days=6.183 * 7, a=0.891, b=1.614)
CDNOW_PARETO = ParetoNbd(r=0.553, alpha_days=10.578 * 7, s=0.606, beta_days=11.668 * 7)
MODELS: tuple[Btyd, ...] = (
    CDNOW_BG,
    CDNOW_MBG,
    CDNOW_PARETO,
    BgNbd(r=3.0, alpha_days=20.0, a=1.0, b=4.0),
    MbgNbd(r=1.5, alpha_days=200.0, a=2.5, b=0.9),
    ParetoNbd(r=4.0, alpha_days=300.0, s=1.0, beta_days=20.0),
    ParetoNbd(r=0.8, alpha_days=9.0, s=2.5, beta_days=900.0),
    MbgCnbd(r=1.33, alpha_days=19.7, a=0.42, b=0.79, k=2),
    MbgCnbd(r=0.6, alpha_days=12.0, a=1.0, b=3.0, k=3),
    MbgCnbd(r=2.5, alpha_days=3.0, a=2.5, b=0.9, k=5),
)
HISTORIES = [(0, 0, 0), (0, 0, 270), (1, 5, 270), (3, 200, 230), (12, 265, 270), (26, 90, 271), (1, 1, 1)]
HORIZONS = np.array([7.0, 28.0, 90.0, 365.0])


def asked(rows: list[tuple[float, float, float]]) -> dict[str, np.ndarray]:
    x, t, age = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return {"repeat_order_days": x, "purchase_span_days": t, "customer_age_days": age}


def by_brute_force(model: Btyd, x: float, t: float, age: float, horizon: float) -> tuple[float, float, float]:
    """P(alive), P(a purchase), expected purchases: trapezoids over both personal parameters."""
    log_rate = np.linspace(-160, 4, 2400)[:, None]
    rate = np.exp(log_rate)
    rate_prior = model.r * log_rate - model.alpha_days * rate
    if isinstance(model, MbgCnbd):
        return by_brute_force_with_steps(model, x, t, age, horizon)
    if isinstance(model, ParetoNbd):
        log_leave = np.linspace(-100, 4, 1600)[None, :]
        leave = np.exp(log_leave)
        prior = rate_prior + model.s * log_leave - model.beta_days * leave
        both = rate + leave
        active = prior + x * log_rate - both * age
        left = (
            prior
            + x * log_rate
            + np.log(leave / both)
            + np.log(-np.expm1(-both * (age - t)) + 1e-300)
            - both * t
        )
        returns = rate / both * -np.expm1(-both * horizon)
        orders = rate / leave * -np.expm1(-leave * horizon)
    else:
        logit = np.linspace(-50, 50, 1200)[None, :]
        quits, stays = expit(logit), expit(-logit)
        prior = rate_prior + model.a * np.log(quits) + model.b * np.log(stays)
        chances = x + isinstance(model, MbgNbd)
        active = prior + chances * np.log(stays) + x * log_rate - rate * age
        left = np.full_like(prior, -np.inf)
        if chances:
            left = prior + np.log(quits) + (chances - 1) * np.log(stays) + x * log_rate - rate * t
        returns = -np.expm1(-rate * horizon) + 0 * quits
        orders = -np.expm1(-rate * quits * horizon) / quits
    top = max(active.max(), left.max())
    active, left = np.exp(active - top), np.exp(left - top)
    total = active.sum() + left.sum()
    return active.sum() / total, (active * returns).sum() / total, (active * orders).sum() / total


def by_brute_force_with_steps(
    model: MbgCnbd, x: float, t: float, age: float, horizon: float
) -> tuple[float, float, float]:
    """The same for Erlang gaps: trapezoids over both personal parameters, and a plain sum over later purchases."""
    k, log_rate, logit = model.k, np.linspace(-60, 4, 2400), np.linspace(-50, 50, 1200)
    rate, quits, stays = np.exp(log_rate), expit(logit), expit(-logit)
    log_bought = (model.r + k * x) * log_rate - (model.alpha_days + t) * rate
    top = log_bought.max()
    prior = model.a * np.log(quits) + model.b * np.log(stays)
    stayed = np.exp(prior + (x + 1) * np.log(stays))
    left = np.exp(prior + np.log(quits) + x * np.log(stays))
    silent = [np.exp(log_bought - top) * poisson.pmf(j, rate * (age - t)) for j in range(k)]
    active, gone = (
        sum(each.sum() for each in silent) * stayed.sum(),
        np.exp(log_bought - top).sum() * left.sum(),
    )
    orders, purchases = [], np.arange(1, 2000)
    for m in purchases:
        reached = sum(each @ gammainc(m * k - j, rate * horizon) for j, each in enumerate(silent))
        orders.append(reached * (stayed @ stays ** (m - 1)))
        if orders[-1] < 1e-12 * orders[0]:
            break
    return active / (active + gone), orders[0] / (active + gone), sum(orders) / (active + gone)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.type} r={model.r}")
def test_every_answer_is_the_integral_over_all_possible_customers(model: Btyd) -> None:
    horizons = [28.0, 365.0]
    alive = model.alive_probability(**asked(HISTORIES))
    returns = model.purchase_probability(horizons, **asked(HISTORIES))
    orders = model.expected_orders(horizons, **asked(HISTORIES))
    for row, history in enumerate(HISTORIES):
        for column, horizon in enumerate(horizons):
            expected = by_brute_force(model, *history, horizon)
            got = (alive[row], returns[row, column], orders[row, column])
            np.testing.assert_allclose(got, expected, rtol=2e-7, err_msg=f"{history} {horizon}")


def test_published_conditional_expectation_of_cdnow_customer_one() -> None:
    """Fader, Hardie & Lee's spreadsheet: x 2, t_x 30.43, T 38.86 weeks; 1.226 purchases in 39 weeks."""
    one = asked([(2, 213, 272)])
    assert CDNOW_BG.expected_orders(39 * 7, **one)[0] == pytest.approx(1.226, abs=5e-4)


def test_a_horizon_far_longer_than_the_history_is_still_right() -> None:
    """Where the quadrature is hardest: 365 and 3,650 days ahead of a customer of yesterday who buys often."""
    for model in (BgNbd(0.5, 2.0, 0.8, 2.4), MbgNbd(0.5, 30.0, 1.0, 3.0), ParetoNbd(0.5, 2.0, 0.6, 5.0)):
        for horizon in (365.0, 3650.0):
            expected = by_brute_force(model, 1, 1, 1, horizon)
            one = asked([(1, 1, 1)])
            assert model.purchase_probability(horizon, **one)[0] == pytest.approx(expected[1], rel=1e-7)
            assert model.expected_orders(horizon, **one)[0] == pytest.approx(expected[2], rel=1e-5)


def test_a_one_time_buyer_is_surely_alive_to_bg_nbd_only_yet_unlikely_to_return() -> None:
    once = asked([(0, 0, 270)])
    assert CDNOW_BG.alive_probability(**once)[0] == 1.0
    assert CDNOW_MBG.alive_probability(**once)[0] < 0.6
    assert CDNOW_BG.purchase_probability(90, **once)[0] < 0.1


def test_silence_lowers_and_repeats_raise_the_chance_of_return() -> None:
    for model in MODELS:
        silences = (30, 90, 365) if isinstance(model, MbgCnbd) else (1, 30, 90, 365)
        silent = model.purchase_probability(28, **asked([(5, 200, 200 + gap) for gap in silences]))
        assert np.all(np.diff(silent) < 0)
        busier = model.purchase_probability(28, **asked([(x, 200, 201) for x in (1, 4, 16)]))
        assert np.all(np.diff(busier) > 0)


def test_a_regular_customer_is_least_likely_to_come_right_after_a_purchase() -> None:
    """Every forty days: tomorrow after yesterday's purchase is unlikely, tomorrow after forty days is not."""
    rows = asked([(5, 200, 200 + gap) for gap in (0, 20, 40)])
    regular = MbgCnbd(r=4.0, alpha_days=40.0, a=0.5, b=5.0, k=4).purchase_probability(7, **rows)
    assert np.all(np.diff(regular) > 0)
    assert np.all(np.diff(MbgNbd(r=1.0, alpha_days=40.0, a=0.5, b=5.0).purchase_probability(7, **rows)) < 0)


def test_without_regularity_it_is_mbg_nbd() -> None:
    rows = asked([*HISTORIES, (2000, 3000, 3010)])
    regular = MbgCnbd(r=0.525, alpha_days=43.3, a=0.891, b=1.614, k=1)
    plain = MbgNbd(r=0.525, alpha_days=43.3, a=0.891, b=1.614)
    np.testing.assert_allclose(regular.alive_probability(**rows), plain.alive_probability(**rows), rtol=1e-12)
    for horizons in ([7.0, 365.0], [36500.0]):
        for one, other in (
            (regular.purchase_probability, plain.purchase_probability),
            (regular.expected_orders, plain.expected_orders),
        ):
            np.testing.assert_allclose(one(horizons, **rows), other(horizons, **rows), rtol=1e-11)


@pytest.mark.parametrize(
    ("repeats", "horizon", "error"), [(12, 3650, 1e-9), (200, 3650, 2e-8), (200, 36500, 3e-6)]
)
def test_expected_orders_are_the_sum_over_every_later_purchase(
    repeats: int, horizon: float, error: float
) -> None:
    """No quadrature: P(she stays for the m-th purchase) times P(its steps fall into the horizon), for all m."""
    one = asked([(repeats, 360, 375)])
    later = np.arange(1, 200_000)
    for k in (1, 2, 4, 12):
        for a, b in ((0.8, 1.2), (0.3, 30.0), (5.0, 0.05)):
            model = MbgCnbd(r=0.9, alpha_days=20.0, a=a, b=b, k=k)
            shape, rate = model.r + k * repeats, 20.0 + 375
            found = nbinom.pmf(np.arange(k), shape, 1 - 15 / rate)
            stays = np.exp(betaln(a, b + repeats + later) - betaln(a, b + repeats + 1))
            orders = sum(
                share * (stays @ betainc(later * k - j, shape + j, horizon / (rate + horizon)))
                for j, share in enumerate(found / found.sum())
            )
            expected = orders * model.alive_probability(**one)[0]
            assert model.expected_orders(horizon, **one)[0] == pytest.approx(expected, rel=error)


def test_memory_does_not_grow_with_the_number_of_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = asked(HISTORIES * 40)
    whole = {type(model): model.expected_orders(HORIZONS, **rows) for model in MODELS}
    for module in ("bg_nbd", "mbg_cnbd", "btyd_arithmetic"):
        monkeypatch.setattr(f"tiercast.serving.{module}.BLOCK_CELLS", 500)
    for model in {type(model): model for model in MODELS}.values():
        np.testing.assert_allclose(model.expected_orders(HORIZONS, **rows), whole[type(model)], rtol=1e-12)


def test_a_customer_without_purchases_or_with_a_contradictory_history_gets_nan() -> None:
    nan = float("nan")
    rows = [(nan, nan, nan), (1, 40, 30), (-1, 0, 30), (2, 5, nan), (2, 20, 30)]
    for model in MODELS:
        for answer in (
            model.alive_probability(**asked(rows)),
            model.purchase_probability(28, **asked(rows)),
            model.expected_orders(HORIZONS, **asked(rows))[:, 0],
        ):
            assert np.isnan(answer[:4]).all()
            assert np.isfinite(answer[4])


def test_one_horizon_gives_a_vector_and_several_give_the_same_columns() -> None:
    for model in MODELS:
        for question in (model.purchase_probability, model.expected_orders):
            many = question(HORIZONS[::-1], **asked(HISTORIES))
            assert many.shape == (len(HISTORIES), len(HORIZONS))
            for column, horizon in enumerate(HORIZONS[::-1]):
                np.testing.assert_array_equal(question(horizon, **asked(HISTORIES)), many[:, column])
            assert question(28.0, **asked([(0, 0, 0)])).shape == (1,)
            nobody = {name: np.array([]) for name in asked([(0, 0, 0)])}
            assert question(28.0, **nobody).shape == (0,)
            assert question(HORIZONS, **nobody).shape == (0, 4)


def test_nobody_leaves_when_leaving_is_switched_off() -> None:
    plain = (
        *(kind(0.5, 60.0, 0.0, 1.0) for kind in (BgNbd, MbgNbd, ParetoNbd)),
        MbgCnbd(0.5, 60.0, 0.0, 1.0, 1),
    )
    rows = HISTORIES
    x, age = asked(rows)["repeat_order_days"], asked(rows)["customer_age_days"]
    for model in plain:
        np.testing.assert_array_equal(model.alive_probability(**asked(rows)), 1.0)
        np.testing.assert_allclose(
            model.expected_orders(90, **asked(rows)), (0.5 + x) / (60 + age) * 90, rtol=1e-9
        )
        np.testing.assert_allclose(
            model.purchase_probability(90, **asked(rows)),
            1 - ((60 + age) / (150 + age)) ** (0.5 + x),
            rtol=1e-8,
        )


positive = st.floats(-7, 7).map(np.exp)
history = st.tuples(st.integers(0, 200_000), st.floats(0, 40_000), st.floats(0, 40_000)).map(
    lambda row: (row[0], row[1] if row[0] else 0.0, row[1] + row[2])
)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([BgNbd, MbgNbd, ParetoNbd, *(partial(MbgCnbd, k=k) for k in (1, 2, 3, 6, 12))]),
    parameters=st.tuples(positive, positive, positive, positive),
    rows=st.lists(history, min_size=1, max_size=8),
    horizons=st.lists(st.floats(0, 40_000), min_size=1, max_size=5),
)
def test_answers_are_finite_bounded_and_never_fall_in_the_horizon(kind, parameters, rows, horizons) -> None:
    model = kind(*parameters)
    days = np.sort([0.0, *horizons])
    alive = model.alive_probability(**asked(rows))
    returns = model.purchase_probability(days, **asked(rows))
    orders = model.expected_orders(days, **asked(rows))
    for answer in (alive, returns):
        assert np.all((answer >= 0) & (answer <= 1))
    assert np.all(np.isfinite(orders))
    assert np.all(orders >= 0)
    assert np.all(np.diff(returns, axis=1) >= 0)
    assert np.all(np.diff(orders, axis=1) >= 0)
    assert np.all(returns[:, 0] == 0)
    assert np.all(orders[:, 0] == 0)
    assert np.all(returns <= alive[:, None] * (1 + 1e-6) + 1e-12)
    assert np.all(returns <= orders * (1 + 1e-6) + 1e-12)


@given(a=st.floats(0, 50), b=st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_gauss_points_reproduce_the_first_two_moments_of_a_beta(a: float, b: list[float]) -> None:
    second = np.array(b)
    points, weights = beta_nodes(a, second, 40)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose((weights * points).sum(axis=1), a / (a + second), rtol=1e-6, atol=1e-12)
    square = a * (a + 1) / ((a + second) * (a + second + 1))
    np.testing.assert_allclose((weights * points**2).sum(axis=1), square, rtol=1e-6, atol=1e-12)


def test_a_model_survives_json() -> None:
    for model in MODELS:
        stored = json.loads(json.dumps(model.to_json()))
        assert stored["type"] == model.type
        assert stored["time_unit_days"] == 1.0
        assert type(model).from_json(stored) == model


def test_a_broken_stored_model_is_refused_with_a_code() -> None:
    stored = CDNOW_BG.to_json()
    for broken in (
        {**stored, "r": float("nan")},
        {**stored, "b": 0.0},
        {**stored, "type": "mbg_nbd"},
        {**stored, "a": None},
    ):
        with pytest.raises(BadParameters) as refusal:
            BgNbd.from_json(broken)
        assert refusal.value.code == "BAD_PARAMETERS"
    for k in (0, 2.5, 13, "2", None):
        with pytest.raises(BadParameters):
            MbgCnbd.from_json({**MbgCnbd(0.5, 60.0, 0.7, 1.0, 2).to_json(), "k": k})
    with pytest.raises(BadParameters):
        ParetoNbd.from_json({**CDNOW_PARETO.to_json(), "time_unit_days": 7.0})


def test_a_horizon_in_the_past_and_columns_of_different_length_are_refused() -> None:
    for model in MODELS:
        with pytest.raises(BadHorizon):
            model.purchase_probability(-1, **asked(HISTORIES))
        with pytest.raises(BadHistory):
            model.expected_orders(7, **{**asked(HISTORIES), "customer_age_days": np.array([1.0])})


def test_the_given_columns_are_left_as_they_were() -> None:
    columns = asked(HISTORIES)
    before = {name: column.copy() for name, column in columns.items()}
    for model in MODELS:
        model.purchase_probability(HORIZONS, **columns)
        model.expected_orders(28, **columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(column, before[name])
