"""What is drawn follows the stated law: every column of the truth is found again in the touchpoints."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from tiercast.sources.synthetic import Law, Synthetic, synthesize
from tiercast.sources.synthetic.baskets import returned_share
from tiercast.sources.synthetic.law import STYLES, Style

END = pd.Timestamp("2025-12-31")
DAY = pd.Timedelta(days=1)
SIGMAS = 4.0
FORMULA = "infant_formula"


@pytest.fixture(scope="module")
def world() -> Synthetic:
    return synthesize(40_000, late=0.0)


@pytest.fixture(scope="module")
def plain() -> Synthetic:
    """A world without season, campaigns or a need that runs out: the textbook's process alone."""
    flat = replace(
        Law(),
        month_factors=(1.0,) * 12,
        weekday_factors=(1.0,) * 7,
        peak_factor=1.0,
        need_share=0.0,
        campaign_share=0.0,
    )
    return synthesize(30_000, late=0.0, law=flat)


def orders_of(world: Synthetic) -> pd.DataFrame:
    """One row per order with the truth about who placed it."""
    bought = world.touchpoints[world.touchpoints["kind"] == "purchase"]
    orders = bought.groupby("order_id", as_index=False).agg(
        customer_id=("customer_id", "first"),
        occurred_at=("occurred_at", "first"),
        channel=("channel", "first"),
        category=("category", "first"),
        amount=("amount", "sum"),
        quantity=("quantity", "sum"),
        discount=("discount", "sum"),
    )
    return orders.merge(world.truth, on="customer_id", validate="many_to_one")


def standardised(observed: pd.Series, expected: pd.Series, variance: pd.Series) -> float:
    """Return how many standard deviations a sum is from its expectation."""
    return float((observed - expected).sum() / np.sqrt(variance.sum()))


def test_nobody_buys_before_converting_or_after_leaving(world: Synthetic) -> None:
    orders = orders_of(world)
    assert (orders["occurred_at"] >= orders["converted_at"]).all()
    assert not (orders["occurred_at"] >= orders["alive_until"]).any()
    first = orders.groupby("customer_id")["occurred_at"].min()
    told = world.truth.dropna(subset="converted_at").set_index("customer_id")["converted_at"]
    pd.testing.assert_series_equal(first, told, check_names=False)


def test_orders_of_random_buyers_are_poisson_with_their_own_rate(plain: Synthetic) -> None:
    alive = plain.truth[plain.truth["converted_at"].notna() & plain.truth["alive_until"].isna()]
    random = alive[alive["regularity"] == 1]
    repeats = random["customer_id"].map(orders_of(plain).groupby("customer_id").size()) - 1
    expected = random["orders_per_day"] * ((END - random["converted_at"]) / DAY)
    assert len(random) > 3_000
    assert abs(standardised(repeats, expected, expected)) < SIGMAS
    spread = ((repeats - expected) ** 2 / expected)[expected > 0.5]
    assert spread.mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_gaps_between_orders_are_as_regular_as_the_style_says(style: Style) -> None:
    # nobody leaves and all come at once, so that hardly a gap is cut off
    law = replace(
        Law(), styles=(replace(style, share=1.0),), month_factors=(1.0,) * 12, weekday_factors=(1.0,) * 7,
        peak_factor=1.0, need_share=0.0, campaign_share=0.0, entry_exponent=200.0, death_scale_days=1e9,
        rate_shape=50.0, rate_scale_days=1000.0,
    )  # fmt: skip
    orders = orders_of(synthesize(150, days=3650, late=0.0, start=date(2014, 1, 1), law=law))
    orders = orders.sort_values(["customer_id", "occurred_at"])
    gaps = (orders.groupby("customer_id")["occurred_at"].diff() / DAY * orders["orders_per_day"]).dropna()
    assert len(gaps) > 8_000
    assert gaps.mean() == pytest.approx(1.0, abs=0.03)
    assert gaps.var() * style.regularity == pytest.approx(1.0, abs=0.06)


def test_leaving_follows_the_hazard(plain: Synthetic) -> None:
    buyers = plain.truth.dropna(subset="converted_at")
    # with the hazard known, whether a customer left before the end is a coin of known bias
    left = 1 - np.exp(-buyers["death_per_day"] * ((END - buyers["converted_at"]) / DAY))
    assert abs(standardised(buyers["alive_until"].notna(), left, left * (1 - left))) < SIGMAS


def test_rates_and_hazards_are_gamma_with_the_laws_shape() -> None:
    way = replace(Law().acquisitions[0], share=1.0, rate_factor=1.0, basket_factor=1.0, lifetime_factor=1.0)
    law = replace(Law(), acquisitions=(way,))
    truth = synthesize(20_000, days=30, law=law).truth
    for column, shape, scale in (
        ("orders_per_day", law.rate_shape, law.rate_scale_days),
        ("death_per_day", law.death_shape, law.death_scale_days),
    ):
        assert truth[column].mean() == pytest.approx(shape / scale, rel=0.04)
        assert truth[column].var() == pytest.approx(shape / scale**2, rel=0.12)
    assert truth["mean_basket_currency"].mean() == pytest.approx(law.mean_basket_currency, rel=0.04)


def test_customers_of_different_channels_differ_by_the_factors_told(world: Synthetic) -> None:
    law = Law()
    by_channel = world.truth.groupby("acquisition_channel")
    for way in law.acquisitions:
        told = by_channel.get_group(way.channel)
        off = 4 / np.sqrt(len(told))
        assert told["orders_per_day"].mean() == pytest.approx(
            way.rate_factor * law.rate_shape / law.rate_scale_days, rel=1.2 * off
        )
        assert told["mean_basket_currency"].mean() == pytest.approx(
            way.basket_factor * law.mean_basket_currency, rel=1.2 * off
        )
        early = told[told["acquired_at"] < pd.Timestamp("2025-01-01")]
        bought = early["converted_at"].notna().mean()
        assert bought == pytest.approx(way.conversion_probability, abs=2.2 / np.sqrt(len(early)))
    spent = orders_of(world).groupby("customer_id")["amount"].sum()
    value = world.truth["customer_id"].map(spent).fillna(0).groupby(world.truth["acquisition_channel"]).mean()
    assert value["community"] > 2 * value["feed_ads"]


def test_season_moves_orders_to_saturdays_december_and_the_peak(world: Synthetic) -> None:
    orders = orders_of(world)
    repeats = orders[(orders["category"] != FORMULA) & (orders["occurred_at"] > orders["converted_at"])]
    law = Law()
    by_weekday = repeats["occurred_at"].dt.day_of_week.value_counts(normalize=True).sort_index()
    told = np.array(law.weekday_factors) / sum(law.weekday_factors)
    # orders that a contact causes come evenly: they blur the season by their share
    assert np.abs(by_weekday.to_numpy() - told).max() < SIGMAS * np.sqrt(0.25 / len(repeats)) + 0.004
    last_year = repeats[repeats["occurred_at"] >= pd.Timestamp("2025-01-01")]
    by_month = last_year["occurred_at"].dt.month.value_counts().sort_index()
    assert by_month.idxmax() == 12
    assert by_month[12] > 1.4 * by_month[2]


def test_orders_are_worth_the_customers_mean_basket_net_of_discounts(plain: Synthetic) -> None:
    orders = orders_of(plain)
    expected = orders["mean_basket_currency"]
    assert abs(standardised(orders["amount"], expected, expected**2 / Law().spend_shape)) < SIGMAS
    discounted = orders["discount"] > 0
    chance = orders["discount_probability"]
    # a discount of a few cents' worth rounds to nothing now and then
    assert abs((discounted - chance).mean()) < SIGMAS * 0.5 / np.sqrt(len(orders)) + 0.001


def test_lines_come_back_with_the_customers_own_probability(plain: Synthetic) -> None:
    touchpoints = plain.touchpoints[plain.touchpoints["occurred_at"] < END - 90 * DAY]
    bought = touchpoints[touchpoints["kind"] == "purchase"].merge(plain.truth, on="customer_id")
    lines = bought.groupby("order_id").size()
    returns = plain.touchpoints[plain.touchpoints["kind"] == "return"]
    back = returns[returns["order_id"].isin(lines.index)]
    chance = bought["return_probability"]
    assert abs((len(back) - chance.sum()) / np.sqrt((chance * (1 - chance)).sum())) < SIGMAS
    net = bought["amount"].sum() - back["amount"].sum()
    kept = bought["amount"] * (1 - chance * returned_share(Law(), of_runout=False))
    assert net == pytest.approx(kept.sum(), rel=0.005)


def test_a_contact_causes_the_additional_orders_that_the_truth_says() -> None:
    world = synthesize(60_000, late=0.0, seed=11)
    assigned = world.assignments.merge(world.truth, on="customer_id")
    assigned["day"] = assigned["assigned_at"].dt.floor("D")
    assigned = assigned[assigned["converted_at"] < assigned["day"]].reset_index(drop=True)
    pairs = (
        assigned[["customer_id", "day"]]
        .reset_index(names="pair")
        .merge(orders_of(world)[["customer_id", "occurred_at"]], on="customer_id")
    )
    window = (pairs["occurred_at"] - pairs["day"]) / DAY

    def counted(low: int, high: int) -> np.ndarray:
        inside = pairs[(window >= low) & (window < high)]
        return np.bincount(inside["pair"], minlength=len(assigned))

    def difference(orders: np.ndarray) -> tuple[float, float]:
        """Weighted by inverse probability within each campaign, then averaged; with its standard error."""
        effects, variances, weights = [], [], []
        for _, group in assigned.groupby("campaign_id"):
            treated = orders[group.index[group["arm"] == "treatment"]]
            control = orders[group.index[group["arm"] == "control"]]
            effects.append(treated.mean() - control.mean())
            variances.append(treated.var() / len(treated) + control.var() / len(control))
            weights.append(len(group))
        share = np.array(weights) / sum(weights)
        return float(share @ effects), float(np.sqrt(share**2 @ variances))

    days_alive = ((assigned["alive_until"] - assigned["day"]) / DAY).fillna(28).clip(0, 28)
    told = float((assigned["contact_effect_orders"] * days_alive / 28).mean())
    effect, error = difference(counted(0, 28))
    assert effect == pytest.approx(told, abs=1.96 * error + 0.001)
    assert effect > 5 * error
    before, error_before = difference(counted(-28, 0))
    assert abs(before) < SIGMAS * error_before
    of_treatment = assigned["probability"].where(assigned["arm"] == "treatment", 1 - assigned["probability"])
    shares = (
        assigned.assign(of_treatment=of_treatment.round(9))
        .groupby("campaign_id")
        .agg(
            treated=("arm", lambda arms: (arms == "treatment").mean()),
            told=("of_treatment", "first"),
            kinds=("of_treatment", "nunique"),
            size=("arm", "size"),
        )
    )
    assert (shares["kinds"] == 1).all(), "each row tells the probability of its own arm"
    assert (np.abs(shares["treated"] - shares["told"]) < SIGMAS * np.sqrt(0.25 / shares["size"])).all()


def test_formula_is_bought_again_when_it_has_run_out(world: Synthetic) -> None:
    orders = orders_of(world)
    formula = orders[orders["category"] == FORMULA].sort_values(["customer_id", "occurred_at"])
    lasts = formula["quantity"] * formula["runout_days_per_unit"]
    until_next = formula.groupby("customer_id")["occurred_at"].diff().shift(-1) / DAY
    ratio = (until_next / lasts)[until_next.notna()]
    assert len(ratio) > 10_000
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)
    assert ratio.quantile(0.1) > 0.75
    assert ratio.quantile(0.9) < 1.25


def test_who_graduates_stops_buying_the_category_and_nothing_else(world: Synthetic) -> None:
    orders = orders_of(world)
    after = orders["occurred_at"] >= orders["need_ends_on"]
    assert not (after & orders["category"].eq(FORMULA)).any()
    never_needed = orders[orders["need_ends_on"].isna()]
    assert not never_needed["category"].eq(FORMULA).any()
    truth = world.truth
    graduated = truth[
        (truth["need_ends_on"] < END - 100 * DAY) & (truth["converted_at"] < truth["need_ends_on"])
        & truth["alive_until"].isna()
    ]  # fmt: skip
    expected = graduated["orders_per_day"] * ((END - graduated["need_ends_on"]) / DAY)
    others = graduated["customer_id"].map(orders[after].groupby("customer_id").size()).fillna(0)
    assert len(graduated) > 200
    assert others.sum() == pytest.approx(expected.sum(), rel=0.15)


def test_the_probability_of_being_alive_is_as_often_true_as_it_says(world: Synthetic) -> None:
    buyers = world.truth.dropna(subset="alive_probability")
    assert buyers["converted_at"].notna().all()
    assert world.truth["converted_at"].notna().sum() == len(buyers)
    alive = buyers["alive_until"].isna()
    bins = pd.cut(buyers["alive_probability"], [-0.1, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])
    for _, group in buyers.groupby(bins, observed=True):
        said = group["alive_probability"]
        assert abs(standardised(alive[group.index], said, said * (1 - said))) < SIGMAS
    without = buyers["alive_probability"] < 1e-3
    assert without.sum() > 1_000  # silence tells a lot


def test_expected_orders_are_those_that_come(world: Synthetic) -> None:
    buyers = world.truth.dropna(subset="expected_orders")
    for group in (buyers["need_ends_on"].notna(), buyers["need_ends_on"].isna()):
        difference = (buyers["realised_orders"] - buyers["expected_orders"])[group]
        assert abs(difference.mean()) < SIGMAS * difference.std() / np.sqrt(len(difference))
    rank = pd.qcut(buyers["expected_orders"], 10, labels=False)
    off = (buyers["realised_orders"] - buyers["expected_orders"]).groupby(rank).agg(["mean", "sem"])
    assert (off["mean"].abs() < SIGMAS * off["sem"] + 0.01).all()
    gone = buyers["alive_until"].notna()
    assert buyers.loc[gone, "realised_orders"].eq(0).all()


def test_expected_value_is_what_expected_orders_bring(world: Synthetic) -> None:
    buyers = world.truth.dropna(subset="expected_value_currency")
    general = buyers[buyers["need_ends_on"].isna()]
    kept = 1 - general["return_probability"] * returned_share(Law(), of_runout=False)
    told = general["expected_orders"] * general["mean_basket_currency"] * kept
    assert np.allclose(general["expected_value_currency"], told)
    # on the past, where both are seen: net revenue of run-out orders against what the truth would expect of them
    formula = world.touchpoints[world.touchpoints["category"] == FORMULA].merge(world.truth, on="customer_id")
    bought = formula[(formula["kind"] == "purchase") & (formula["occurred_at"] < END - 90 * DAY)]
    back = formula[(formula["kind"] == "return") & formula["order_id"].isin(bought["order_id"])]
    kept = 1 - bought["return_probability"] * returned_share(Law(), of_runout=True)
    assert bought["amount"].sum() - back["amount"].sum() == pytest.approx(
        (bought["amount"] * kept).sum(), rel=0.01
    )
    assert bought["quantity"].mean() == pytest.approx(Law().mean_runout_units, rel=0.02)


def test_prospects_convert_as_often_as_their_probability_says() -> None:
    law = replace(Law(), entry_exponent=1.0, conversion_scale_days=120.0)
    truth = synthesize(40_000, days=365, law=law, late=0.0).truth
    prospects = truth[truth["converted_at"].isna()]
    assert prospects["conversion_probability"].between(0, 1).all()
    assert truth.loc[truth["converted_at"].notna(), "conversion_probability"].isna().all()
    ever = truth["acquisition_channel"].map(
        {way.channel: way.conversion_probability for way in law.acquisitions}
    )
    waited = (END.replace(year=2024, day=31) - truth["acquired_at"]) / DAY
    by_then = ever * (1 - np.exp(-((waited / law.conversion_scale_days) ** law.conversion_shape)))
    assert abs(standardised(truth["converted_at"].notna(), by_then, by_then * (1 - by_then))) < SIGMAS
    within = ever * (1 - np.exp(-(((waited + 365) / law.conversion_scale_days) ** law.conversion_shape)))
    told = ((within - by_then) / (1 - by_then))[prospects.index]
    assert np.allclose(prospects["conversion_probability"], told, atol=1e-5)


def test_the_share_of_late_rows_is_the_one_asked_for() -> None:
    for late in (0.0, 0.02, 0.2):
        came = synthesize(8_000, late=late).touchpoints
        middle = came[came["occurred_at"].between("2024-03-01", "2025-10-01")]
        is_late = middle["known_at"] > middle["occurred_at"]
        others = middle["kind"] != "return"
        assert is_late[others].mean() == pytest.approx(late, abs=0.004 + late * 0.05)
        assert is_late[~others].all()  # a refund is always booked later
        orders = middle[middle["kind"] == "purchase"].groupby("order_id")["known_at"].nunique()
        assert set(orders) == {1}


def test_preferences_show_in_what_customers_do(world: Synthetic) -> None:
    orders = orders_of(world)
    own = (orders["channel"] == orders["preferred_channel"]).mean()
    assert own == pytest.approx(0.75 + 0.25 / 6, abs=0.01)
    repeats = orders[orders["occurred_at"] > orders["converted_at"]]
    hours = repeats["occurred_at"].dt.hour + repeats["occurred_at"].dt.minute / 60
    assert (hours - repeats["preferred_hour"]).mean() == pytest.approx(0.0, abs=0.1)
    ratings = world.touchpoints[world.touchpoints["kind"].isin(["review", "survey"])].merge(
        world.truth, on="customer_id"
    )
    share = ratings["rating"] / ratings["rating_scale"]
    assert np.corrcoef(share, ratings["satisfaction_share"])[0, 1] > 0.4
    assert ratings["rating"].le(ratings["rating_scale"]).all()
