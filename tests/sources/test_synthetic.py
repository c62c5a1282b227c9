"""A synthetic history keeps the contract and its own house in order, and is the same every time."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import tiercast
from tiercast.errors import SourceError
from tiercast.serving.contract import CHANNELS, FAMILIES, KINDS, NAMES, REQUIRED
from tiercast.sources.opening import open_source
from tiercast.sources.synthetic import Law, Synthetic, synthesize
from tiercast.sources.synthetic.block import BLOCK_CUSTOMERS

END = pd.Timestamp("2025-12-31")
LINES = ["order_id", "product_id"]


@pytest.fixture(scope="module")
def world() -> Synthetic:
    return synthesize(9_000)


def rows_of(world: Synthetic, *kinds: str) -> pd.DataFrame:
    return world.touchpoints[world.touchpoints["kind"].isin(kinds)]


def test_every_row_is_accepted_by_the_contract() -> None:
    touchpoints = synthesize(3_000, seed=8).touchpoints
    report = tiercast.check(touchpoints)
    assert report.account.rows_accepted == report.account.rows_read == len(touchpoints)
    assert report.account.rejected == {}
    assert report.account.unknown_kinds == report.account.unknown_channels == ()
    assert report.account.ignored_columns == ()
    assert report.trainable_now


def test_duplicates_and_rows_without_a_customer_come_only_when_asked_for_and_are_all_found() -> None:
    untidy = synthesize(3_000, resent=0.02, unresolved=0.05)
    came = untidy.touchpoints
    again = int(came["event_id"].duplicated().sum())
    lost = int(came.drop_duplicates("event_id")["customer_id"].isna().sum())
    account = tiercast.check(came).account
    assert account.rejected == {"DUPLICATE_EVENT": again}
    assert account.rows_unresolved == lost
    assert again / len(came) == pytest.approx(0.02, abs=0.003)
    assert lost / len(came) == pytest.approx(0.05, abs=0.005)


def test_a_duplicate_differs_in_nothing_but_the_day_it_came() -> None:
    came = synthesize(500, resent=0.1).touchpoints
    twice = came[came["event_id"].duplicated(keep=False)].sort_values(["event_id", "known_at"])
    first, second = twice.iloc[::2], twice.iloc[1::2]
    same = [name for name in came if name != "known_at"]
    pd.testing.assert_frame_equal(first[same].reset_index(drop=True), second[same].reset_index(drop=True))
    assert (second["known_at"].to_numpy() > first["known_at"].to_numpy()).all()


def test_an_order_lacks_its_customer_wholly_or_not_at_all() -> None:
    came = synthesize(2_000, unresolved=0.2).touchpoints.dropna(subset="order_id")
    lost = came["customer_id"].isna().groupby(came["order_id"]).mean()
    assert set(lost) == {0.0, 1.0}


def test_columns_are_the_contracts_and_the_required_ones_are_always_filled(world: Synthetic) -> None:
    assert set(world.touchpoints.columns) <= set(NAMES)
    assert world.touchpoints[[*REQUIRED, "event_id", "known_at"]].notna().all(axis=None)
    never_filled = [name for name in world.touchpoints if world.touchpoints[name].isna().all()]
    assert never_filled == []


def test_every_family_of_touchpoints_occurs_online_and_offline(world: Synthetic) -> None:
    kinds = set(world.touchpoints["kind"])
    assert kinds <= set(KINDS)
    assert all(kinds & set(family) for family in FAMILIES.values())
    asked_for = {
        "email_send", "sms_send", "app_push", "mailing", "exposure", "email_open", "email_click", "visit", "view",
        "search", "social_engagement", "cart", "checkout", "enquiry", "wishlist", "coupon_claim", "purchase", "return",
        "complaint", "complaint_resolved", "delivery", "delivery_failure", "support", "follow_up", "review", "survey",
        "enrol", "coupon_redemption", "points_redemption", "referral", "share", "consent_granted", "consent_withdrawn",
    }  # fmt: skip
    assert asked_for <= kinds
    is_online = world.channels.set_index("channel")["is_online"]
    used = world.touchpoints["channel"].map(is_online)
    assert set(used) == {True, False}


def test_there_are_about_twenty_touchpoints_a_customer_with_a_heavy_tail(world: Synthetic) -> None:
    touches = world.touchpoints.groupby("customer_id").size()
    assert len(world.touchpoints) / len(world.truth) == pytest.approx(20, abs=2)
    assert touches.quantile(0.99) > 8 * touches.median()


def test_each_row_has_an_id_of_its_own_and_each_customer_one_line_of_truth(world: Synthetic) -> None:
    assert world.touchpoints["event_id"].is_unique
    assert world.touchpoints["customer_id"].str.fullmatch("c[0-9]{7}").all()
    for table in (world.truth, world.customers):
        assert table["customer_id"].tolist() == [f"c{number:07d}" for number in range(9_000)]
    assert not world.identities.duplicated(["identity_kind", "identity"]).any()
    assert set(world.identities["identity_kind"]) == {"pos_card", "phone_hash", "openid", "app_id", "cookie"}
    owners = rows_of(world, "purchase").groupby("order_id")["customer_id"].nunique()
    assert set(owners) == {1}


def test_nothing_is_before_the_first_touchpoint_or_after_the_end(world: Synthetic) -> None:
    came = world.touchpoints.merge(world.truth[["customer_id", "acquired_at"]], on="customer_id")
    assert (came["occurred_at"] >= came["acquired_at"]).all()
    assert (came["known_at"] >= came["occurred_at"]).all()
    assert (came["known_at"] < END).all()
    assert (world.assignments["assigned_at"] < END).all()
    assert (world.identities["known_at"] < END).all()
    assert (world.identities["known_at"] >= world.identities["valid_from"]).all()
    assert came["occurred_at"].min() >= pd.Timestamp("2024-01-01")


def test_rows_come_in_order_of_arrival_and_not_customer_by_customer(world: Synthetic) -> None:
    assert world.touchpoints["known_at"].is_monotonic_increasing
    neighbours = world.touchpoints["customer_id"].to_numpy()
    assert (neighbours[1:] == neighbours[:-1]).mean() < 0.25


def test_a_return_is_never_before_its_purchase_nor_above_it(world: Synthetic) -> None:
    late = synthesize(3_000, late=0.3)
    for each in (world, late):
        bought = rows_of(each, "purchase").groupby(LINES, as_index=False)
        lines = bought.agg(
            amount=("amount", "sum"),
            quantity=("quantity", "sum"),
            occurred_at=("occurred_at", "max"),
            known_at=("known_at", "max"),
        )
        back = rows_of(each, "return").groupby(LINES, as_index=False)
        back_lines = back.agg(
            amount=("amount", "sum"),
            quantity=("quantity", "sum"),
            occurred_at=("occurred_at", "min"),
            known_at=("known_at", "min"),
        )
        joined = back_lines.merge(
            lines, on=LINES, how="left", suffixes=("", "_bought"), validate="one_to_one"
        )
        assert len(joined) > 300
        assert joined["amount_bought"].notna().all()
        assert (joined["amount"] <= joined["amount_bought"] + 1e-9).all()
        assert (joined["quantity"] <= joined["quantity_bought"]).all()
        assert (joined["occurred_at"] > joined["occurred_at_bought"]).all()
        assert (joined["known_at"] >= joined["known_at_bought"]).all()


def test_amounts_are_whole_cents_above_zero_and_discounts_say_of_which_type(world: Synthetic) -> None:
    bought = rows_of(world, "purchase")
    cents = bought["amount"] * 100
    assert np.allclose(cents, cents.round(), atol=1e-6)
    assert bought["amount"].min() > 0
    assert ((bought["discount"] > 0) == bought["discount_type"].notna()).all()
    coupons = set(bought.loc[bought["discount_type"] == "coupon", "order_id"])
    assert coupons <= set(rows_of(world, "coupon_redemption")["order_id"])


def test_products_and_stores_are_those_of_the_side_tables(world: Synthetic) -> None:
    bought = rows_of(world, "purchase").merge(
        world.products, on="product_id", how="left", suffixes=("", "_listed")
    )
    assert (bought["category"] == bought["category_listed"]).all()
    assert (bought["unit_cost"] == bought["unit_cost_listed"]).all()
    assert set(world.touchpoints["store_id"].dropna()) <= set(world.stores["store_id"])
    assert bought["store_id"].notna().equals(bought["channel"].eq("store"))
    consumables = world.products[world.products["days_per_unit"].notna()]
    assert set(consumables["category"]) == {"infant_formula"}
    assert set(world.channels["channel"]) == set(CHANNELS)


def test_whoever_is_referred_exists_and_comes_after_the_referral(world: Synthetic) -> None:
    referrals = rows_of(world, "referral")
    joined = referrals.merge(
        world.truth, left_on="referred_customer_id", right_on="customer_id", suffixes=("", "_new")
    )
    assert len(joined) == len(referrals) > 50
    assert (joined["customer_id"] != joined["customer_id_new"]).all()
    assert (joined["acquired_at"] >= joined["occurred_at"]).all()
    assert set(joined["acquisition_channel"]) == {"community"}
    brought = referrals.merge(world.truth, on="customer_id")
    assert (brought["converted_at"] <= brought["occurred_at"]).all()


def test_no_message_is_sent_without_consent() -> None:
    world = synthesize(4_000, late=0.0)
    marketing = world.touchpoints["purpose"].eq("marketing")
    since = world.touchpoints[marketing & world.touchpoints["kind"].eq("consent_granted")]
    until = world.touchpoints[marketing & world.touchpoints["kind"].eq("consent_withdrawn")]
    sent = rows_of(world, "email_send", "sms_send")
    granted = sent["customer_id"].map(since.set_index("customer_id")["occurred_at"])
    withdrawn = sent["customer_id"].map(until.set_index("customer_id")["occurred_at"])
    assert len(until) > 200
    assert (sent["occurred_at"] >= granted).all()
    assert not (sent["occurred_at"] > withdrawn).any()


def test_every_treated_customer_of_a_campaign_and_no_control_got_its_message() -> None:
    world = synthesize(4_000, late=0.0)
    sent = rows_of(world, "email_send").dropna(subset="campaign_id")[["customer_id", "campaign_id"]]
    treated = world.assignments[world.assignments["arm"] == "treatment"][["customer_id", "campaign_id"]]
    assert not world.assignments.duplicated(["customer_id", "campaign_id"]).any()
    assert set(sent.itertuples(index=False)) == set(treated.itertuples(index=False))


def test_the_same_seed_gives_the_same_world_and_another_gives_another(world: Synthetic) -> None:
    again = synthesize(9_000)
    for name in vars(world):
        pd.testing.assert_frame_equal(getattr(world, name), getattr(again, name))
    assert not synthesize(50, seed=1).touchpoints.equals(synthesize(50, seed=2).touchpoints)


def test_a_whole_block_does_not_depend_on_how_many_customers_are_asked_for(world: Synthetic) -> None:
    fewer = synthesize(BLOCK_CUSTOMERS)
    for table in ("touchpoints", "truth", "customers", "identities", "assignments"):
        longer = getattr(world, table)
        kept = longer[longer["customer_id"] < f"c{BLOCK_CUSTOMERS:07d}"].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, getattr(fewer, table))


def test_a_stage_of_random_numbers_does_not_shift_another(world: Synthetic) -> None:
    on_time = synthesize(9_000, late=0.0, unresolved=0.3, resent=0.3)
    pd.testing.assert_frame_equal(world.customers, on_time.customers)
    pd.testing.assert_frame_equal(world.assignments, on_time.assignments)
    pd.testing.assert_frame_equal(world.truth, on_time.truth)


def test_the_source_is_opened_by_its_scheme_with_its_options() -> None:
    history = open_source("synthetic:300?seed=3&days=200&late=0&from=2023-05-01")
    assert (history.currency, history.zone) == ("USD", "UTC")
    assert history.name == "synthetic:300?seed=3&days=200&late=0&from=2023-05-01"
    assert history.frame is not None
    made = synthesize(300, seed=3, days=200, late=0.0, start=date(2023, 5, 1)).touchpoints
    pd.testing.assert_frame_equal(history.frame, made)
    assert made["occurred_at"].min() >= pd.Timestamp("2023-05-01")
    assert made["known_at"].max() < pd.Timestamp(date(2023, 5, 1) + timedelta(days=200))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "expected a number of customers"),
        ("many", "expected a number of customers"),
        ("-5", "expected a number of customers"),
        ("1e3", "expected a number of customers"),
        ("1２", "expected a number of customers"),
        ("10\n", "expected a number of customers"),
        ("0", "from 1 to 10,000,000"),
        ("99999999999", "from 1 to 10,000,000"),
        ("200001", "write_synthetic"),
        ("10?", "options cannot be read"),
        ("10?seed", "options cannot be read"),
        ("10?size=3", "there is: days, from, late, resent, seed, unresolved"),
        ("10?law=x", "there is: days, from, late, resent, seed, unresolved"),
        ("10?start=2024-01-01", "there is: days, from, late, resent, seed, unresolved"),
        ("10?seed=1&seed=2", "seed is given twice"),
        ("10?seed=", "seed cannot be read"),
        ("10?seed=-1", "seed cannot be read"),
        ("10?seed=99999999999999999999", "give a whole number from 0"),
        ("10?days=29", "give a whole number from 30 to 3,650"),
        ("10?days=1.5", "days cannot be read"),
        ("10?late=nan", "late cannot be read"),
        ("10?late=-0.1", "late cannot be read"),
        ("10?late=0.9", "give a share from 0 to 0.5"),
        ("10?resent=1", "give a share from 0 to 0.5"),
        ("10?unresolved=x", "unresolved cannot be read"),
        ("10?from=yesterday", "give a date such as"),
        ("10?from=2024-02-30", "give a date such as"),
        ("10?from=0001-01-01", "give a date from"),
    ],
)  # fmt: skip
def test_a_size_or_an_option_that_cannot_be_meant_is_refused(where: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as refused:
        open_source(f"synthetic:{where}")
    assert refused.value.code == "UNREADABLE_SOURCE"


@pytest.mark.parametrize(
    "given",
    [
        {"customers": True},
        {"customers": 10.0},
        {"customers": 10, "seed": None},
        {"customers": 10, "late": float("nan")},
        {"customers": 10, "late": "0.1"},
        {"customers": 10, "start": "2024-01-01"},
        {"customers": 10, "start": pd.Timestamp("2024-01-01")},
        {"customers": 200_001},
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        synthesize(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("customers", [1, 2, 7])
@pytest.mark.parametrize("days", [30, 58, 3650])
def test_the_smallest_and_the_longest_worlds_are_whole(customers: int, days: int) -> None:
    for seed in range(4):
        made = synthesize(customers, seed=seed, days=days, start=date(2016, 2, 29))
        assert len(made.truth) == len(made.customers) == customers
        assert made.touchpoints["known_at"].lt(pd.Timestamp(date(2016, 2, 29) + timedelta(days=days))).all()
        assert tiercast.check(made.touchpoints).account.rejected == {} if len(made.touchpoints) else True


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_shape": 0.0},
        {"death_scale_days": float("nan")},
        {"spend_heterogeneity": 1.0},
        {"need_share": 1.5},
        {"month_factors": (1.0,) * 11},
        {"horizon_days": 0},
        {"need_days": (900.0, 120.0)},
        {"styles": ()},
        {"acquisitions": (replace(Law().acquisitions[0], channel="telepathy"),)},
        {"acquisitions": (replace(Law().acquisitions[0], prefers=(1.0,)),)},
    ],
)
def test_a_law_that_cannot_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="its law cannot hold"):
        Law(**wrong)  # type: ignore[arg-type]


def test_a_law_of_ones_own_is_kept() -> None:
    way = replace(
        Law().acquisitions[0],
        channel="livestream",
        first_kind="search",
        share=1.0,
        conversion_probability=0.0,
    )
    world = synthesize(300, law=replace(Law(), acquisitions=(way,), need_share=1.0))
    assert set(world.truth["acquisition_channel"]) == {"livestream"}
    assert not world.touchpoints["kind"].eq("purchase").any()
    first = world.touchpoints.sort_values("occurred_at").groupby("customer_id").head(1)
    assert first["kind"].eq("search").mean() > 0.9
    assert tiercast.check(world.touchpoints).account.rejected == {}
