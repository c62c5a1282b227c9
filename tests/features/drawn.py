"""Histories drawn at random, crowded around the moments at which something could go wrong."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd

from tests.features.oracle_contact import DICTIONARY as CHANNELS
from tests.features.oracle_goods import DICTIONARY
from tiercast.features.catalogue import Catalogue, build_catalogue
from tiercast.features.category import slugged
from tiercast.features.declare import Seen
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.serving.contract import KINDS
from tiercast.sidetable import SideTable
from tiercast.sources.siding import read_sides

CUTOFFS = (date(2023, 12, 31), date(2024, 2, 29), date(2024, 3, 1))
CUTOFF = CUTOFFS[-1]
NOW_S = 4_000_000_000
HOSTILE = (
    "it's; DROP TABLE x --",
    'say "hi"',
    "back\\slash\\",
    "🍎 fruit",
    "İΣ ÉTÉ",
    "{minor_per_major}",
    "%s\n\t",
    "x" * 10_000,
)
SEEN = Seen(
    kinds=frozenset(KINDS),
    channels=("store", "web", "email", HOSTILE[0].lower()),
    categories=("milk", "bread", *HOSTILE),
    discounts=True,
    coupons=True,
    stores=True,
    products=True,
    quantities=True,
    costs=True,
    product_costs=True,
    returned_orders=True,
    run_out=True,
    years=2,
    surveys=frozenset({"csat", "nps"}),
    purposes=("marketing", "to'; --"),
    cases=True,
    points=True,
    referred=True,
)
CATALOGUE: Catalogue = build_catalogue(SEEN)
SLUGS = {
    term: slugged(term, code)
    for terms in (SEEN.channels, SEEN.categories, SEEN.purposes)
    for code, term in enumerate(terms)
}
COLUMNS = [
    "customer_id", "occurred_at", "kind", "channel", "known_at", "order_id", "store_id", "category", "amount",
    "discount", "discount_type", "rating", "rating_scale", "product_id", "quantity", "unit_cost", "case_id",
    "survey_type", "points", "purpose", "referred_customer_id",
]  # fmt: skip

_DAY = 86_400
_EDGES = [
    -days * _DAY + shift
    for days in (0, 1, 2, 7, 14, 28, 29, 30, 31, 56, 60, 61, 91, 182, 364, 366)
    for shift in (-1, 0, 1)
]
seconds = st.sampled_from(_EDGES) | st.integers(-800 * _DAY, 20 * _DAY)
money = st.sampled_from([0.0, 0.005, 0.1, 1.0, 1.005, 19.99, 200.0, 400.0, 9_999_999.99]) | st.integers(
    0, 50_000
).map(lambda c: c / 100)
PALETTES: tuple[list[str], ...] = (
    ["purchase"] * 12 + ["return", "Purchase", "mailing", "email_send", "visit", "cart", "review",
    "survey", "complaint", "support", "delivery_failure", "coupon_redemption", "unheard_of", *HOSTILE[:5]],
    ["purchase"] * 4 + [*KINDS, "unheard_of"],
    ["visit", "email_open", "view", "search", "cart", "checkout", "consent_granted", "Purchase", "return", "unheard_of"],
    ["complaint", "complaint_resolved", "delivery", "survey", "enrol", "referral", "points_redemption", "consent_granted",
     "consent_withdrawn", "coupon_claim", "review"],
    ["email_send", "email_open", "email_click", "sms_send", "cart", "purchase"],
)  # fmt: skip
"""What a history is mostly made of."""
kinds = st.sampled_from(PALETTES).flatmap(st.sampled_from)


def moment(shift: int) -> datetime:
    """Return the newest cutoff, some seconds later."""
    return datetime(CUTOFF.year, CUTOFF.month, CUTOFF.day, tzinfo=UTC) + timedelta(seconds=shift)


@st.composite
def rows(
    draw: st.DrawFn, *, occurred: st.SearchStrategy[int] = seconds, of: st.SearchStrategy[str] = kinds
) -> dict[str, Any]:
    """Draw one touchpoint; it is known when it happens, or within two months of it."""
    shift = draw(occurred)
    late = draw(st.sampled_from([None, None, None, 0, 1, _DAY, 60 * _DAY]))
    rated = draw(
        st.sampled_from(
            [(None, None), (None, 5.0), (1.0, 5.0), (7.0, 10.0), (11.0, 10.0), (3.0, 0.0), (-2.0, 5.0)]
        )
    )
    return {
        "customer_id": draw(st.sampled_from(["a", "b", "ünï; --"])),
        "occurred_at": moment(shift),
        "kind": draw(of),
        "channel": draw(st.sampled_from(["store", "Web", "email", "tv", HOSTILE[0], HOSTILE[4]])),
        "known_at": None if late is None else moment(shift + late),
        "order_id": draw(st.sampled_from([None, None, "o1", "o2", "o3"])),
        "store_id": draw(st.sampled_from([None, "s1", "s2"])),
        "category": draw(st.sampled_from([None, "milk", "bread", "unlisted", *HOSTILE])),
        "amount": draw(st.none() | money),
        "discount": draw(st.none() | money),
        "discount_type": draw(st.sampled_from([None, "coupon", "COUPON", "loyalty"])),
        "rating": rated[0],
        "rating_scale": rated[1],
        "case_id": draw(st.sampled_from([None, "k1", "k1", "k2", HOSTILE[0]])),
        "survey_type": draw(st.sampled_from([None, "nps", "NPS", "csat", "else"])),
        "points": draw(st.sampled_from([None, 0.0, 10.0, 0.0005, -5.5, 1e9, 1e300])),
        "purpose": draw(st.sampled_from([None, "marketing", "Marketing", "to'; --"])),
        "referred_customer_id": draw(st.sampled_from([None, "a", "b", HOSTILE[0]])),
        "product_id": draw(st.sampled_from([None, "p1", "p1", "p2", "p3", "p4", HOSTILE[0]])),
        "quantity": draw(st.sampled_from([None, None, 0.0, 0.333, 1.0, 2.0, 3.0, 1e9])),
        "unit_cost": draw(st.sampled_from([None, None, 0.0, 1.005, 60.0, 9_999_999.99])),
    }


histories = st.sampled_from(PALETTES).flatmap(
    lambda palette: st.lists(rows(of=st.sampled_from(palette)), min_size=1, max_size=40)
)


def table(drawn: list[dict[str, Any]]) -> pd.DataFrame:
    """Return drawn rows as touchpoints, with every column typed also where it is empty."""
    frame = pd.DataFrame(
        drawn, columns=[*COLUMNS, *(["event_id"] if drawn and "event_id" in drawn[0] else [])]
    )
    for column in ("occurred_at", "known_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    for column in ("amount", "discount", "rating", "rating_scale", "quantity", "unit_cost", "points"):
        frame[column] = frame[column].astype("float64")
    return frame


def many(customers: int, seed: int) -> pd.DataFrame:
    """Return a random history of many customers, with all that is hostile in it, without hypothesis' patience."""
    rng = np.random.default_rng(seed)
    count = customers * 16

    def some(choices: list[Any], share: list[float] | None = None) -> np.ndarray:
        return np.array(choices, dtype=object)[rng.choice(len(choices), count, p=share)]

    occurred = np.datetime64(moment(0).replace(tzinfo=None), "us") + np.where(
        rng.random(count) < 0.2, rng.choice(_EDGES, count), rng.integers(-700 * _DAY, 20 * _DAY, count)
    ).astype("timedelta64[s]")
    late = rng.choice([0, 0, 0, 1, _DAY, 45 * _DAY], count).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "customer_id": np.array([f"c{number:05d}" for number in range(customers - 1)] + ["ünï'; --"], dtype=object)[
                rng.integers(0, customers, count)
            ],
            "occurred_at": occurred,
            "kind": some(
                ["purchase", "return", "mailing", "email_send", "visit", "review", "support", "Complaint",
                 "coupon_redemption", *HOSTILE, *KINDS],
                [0.35, 0.05, 0.04, 0.04, 0.08, 0.04, 0.01, 0.02, 0.01] + [0.01] * 8 + [0.28 / len(KINDS)] * len(KINDS),
            ),
            "channel": some(["store", "web", "EMAIL", "tv", *HOSTILE], [0.5, 0.2, 0.1, 0.12] + [0.01] * 8),
            "known_at": np.where(rng.random(count) < 0.4, np.datetime64("NaT", "us"), occurred + late),
            "order_id": np.where(rng.random(count) < 0.3, None, some([f"o{number}" for number in range(12)])),
            "store_id": some([None, "s1", "s2", "s3", HOSTILE[1]]),
            "category": some([None, "milk", "bread", "unlisted", *HOSTILE]),
            "amount": np.where(rng.random(count) < 0.05, np.nan, rng.integers(0, 20_000_000, count) / 997),
            "discount": np.where(rng.random(count) < 0.5, np.nan, rng.integers(0, 5_000, count) / 100),
            "discount_type": some([None, "coupon", "Loyalty"]),
            "rating": np.where(rng.random(count) < 0.5, np.nan, rng.integers(-10, 120, count) / 10),
            "rating_scale": np.where(rng.random(count) < 0.3, np.nan, rng.choice([0, 3, 5, 7, 10], count)),
            "case_id": some([None, "k1", "k2", "k3", HOSTILE[0]]),
            "survey_type": some([None, "nps", "CSAT", "else"]),
            "points": np.where(rng.random(count) < 0.5, np.nan, rng.integers(-50_000, 900_000_000, count) / 997),
            "purpose": some([None, "marketing", "Marketing", "to'; --"]),
            "referred_customer_id": some([None, "c00001", "c00002", HOSTILE[1]]),
            "product_id": some([None, "p1", "p2", "p3", "p4", *HOSTILE]),
            "quantity": np.where(rng.random(count) < 0.3, np.nan, rng.choice([0, 0.333, 1, 2, 3, 1e9], count)),
            "unit_cost": np.where(rng.random(count) < 0.5, np.nan, rng.choice([0, 1.005, 60, 9_999_999.99], count)),
        }
    )  # fmt: skip


@cache
def sides() -> dict[str, SideTable]:
    """Return what is known besides the touchpoints."""
    names = ["product_id", "days_per_unit", "unit_cost", "valid_from", "valid_until", "known_at"]
    products = pd.DataFrame(DICTIONARY, columns=names)
    for name in names[3:]:
        products[name] = pd.to_datetime(products[name])
    channels = pd.DataFrame(
        CHANNELS, columns=["channel", "is_online", "cost_per_contact", "direction", "valid_from"]
    )
    channels["valid_from"] = pd.to_datetime(channels["valid_from"])
    return read_sides({"products": products, "channels": channels})


def told(
    engine: Any,
    frame: pd.DataFrame,
    *,
    zone: str = "UTC",
    cutoffs: tuple[date, ...] = CUTOFFS,
    wanted: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the features of a drawn history: all of them, or those that are wanted, which takes less time."""
    history = History("drawn", frame=frame, zone=zone, sides=sides())
    engine.attach(history)
    return features_at(engine, history, CATALOGUE, cutoffs, wanted=wanted)


def differing(left: pd.DataFrame, right: pd.DataFrame) -> dict[str, int]:
    """Return the columns in which two feature frames differ in any bit, with the rows that do; absent equals absent."""
    assert (
        left[["customer_id", "cutoff"]].to_numpy().tolist()
        == right[["customer_id", "cutoff"]].to_numpy().tolist()
    )
    assert list(left) == list(right)
    found = {}
    for name in list(left)[2:]:
        one, other = (np.where(np.isnan(side), np.nan, side).view("int64") for side in
                      (left[name].to_numpy("float64", copy=True), right[name].to_numpy("float64", copy=True)))  # fmt: skip
        if (one != other).any():
            found[name] = int((one != other).sum())
    return found
