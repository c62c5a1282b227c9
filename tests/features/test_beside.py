"""What side tables feed agrees with a second telling in plain Python, and nothing learnt later moves a bit of it."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.features import beside_drawn, oracle_beside
from tests.features.beside_drawn import (
    ATTRIBUTES,
    CATALOGUE,
    CUSTOMERS,
    SEEN,
    beside,
    history_of,
    read,
    tables,
    told,
)
from tests.features.drawn import CUTOFF, CUTOFFS, HOSTILE, differing, moment
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.features.compile import compile_features
from tiercast.features.described import LEAST_PEOPLE
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.sources.opening import open_source

DAY = 86_400
EXAMPLES = 24
Apart = tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]


@st.composite
def _order(draw: st.DrawFn) -> dict[str, Any]:
    shift = draw(
        st.sampled_from([-200 * DAY, -62 * DAY, -61 * DAY, -DAY - 1, -DAY, -1]) | st.integers(-300 * DAY, -1)
    )
    late = draw(st.sampled_from([None, 0, DAY, 40 * DAY]))
    return {
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "occurred_at": moment(shift),
        "kind": "purchase",
        "channel": draw(st.sampled_from(["store", "web"])),
        "known_at": None if late is None else moment(shift + late),
        "store_id": draw(st.sampled_from([None, "s1", "s2", HOSTILE[3], "nowhere"])),
        "product_id": draw(st.sampled_from([None, "p1", "p2", HOSTILE[2], "unlisted"])),
        "category": draw(st.sampled_from([None, None, "bread", HOSTILE[0]])),
        "amount": draw(st.sampled_from([1.0, 2.5, 100.0])),
        "quantity": draw(st.sampled_from([None, 0.0, 2.0, 1e9])),
        "unit_cost": draw(st.sampled_from([None, None, 0.5])),
    }


orders = st.lists(_order(), min_size=1, max_size=15)


ORDER: dict[str, Any] = {
    "customer_id": "a", "occurred_at": moment(-9), "kind": "purchase", "channel": "web", "known_at": None, "store_id": None,
    "product_id": None, "category": None, "amount": 10.0, "quantity": None, "unit_cost": None,
}  # fmt: skip


def touchpoints(drawn: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(drawn).assign(order_id=[f"o{number}" for number in range(len(drawn))])
    for name in ("occurred_at", "known_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype({"quantity": "float64", "unit_cost": "float64"})


def expected(
    drawn: list[dict[str, Any]], frames: Mapping[str, pd.DataFrame], zone: str
) -> dict[tuple[str, date], dict[str, Any]]:
    keys = {"customers": "customer_id", "products": "product_id", "stores": "store_id"}
    rows = {name: oracle_beside.usable(oracle_beside.plain(frames[name]), key) for name, key in keys.items()}
    drawn_for = oracle_beside.plain(frames["assignments"])
    same = [[row[name] for name in ("customer_id", "campaign_id", "assigned_at")] + [row["known_at"] or row["assigned_at"]]
            for row in drawn_for]  # fmt: skip
    drawn_for = [row for row, key in zip(drawn_for, same, strict=True) if same.count(key) == 1]
    seen = [
        row | {"seen_on": max(row["occurred_at"], row["known_at"] or row["occurred_at"]).date()}
        for row in drawn
    ]
    found = {}
    for cutoff in CUTOFFS:
        for customer in sorted({row["customer_id"] for row in seen if row["seen_on"] < cutoff}):
            theirs = [row for row in seen if row["customer_id"] == customer and row["seen_on"] < cutoff]
            found[customer, cutoff] = (
                oracle_beside.attributes(rows["customers"], customer, cutoff, ATTRIBUTES)
                | oracle_beside.assignments(drawn_for, customer, cutoff)
                | oracle_beside.places(theirs, rows["stores"], SEEN.regions, zone)
                | oracle_beside.spend_by_category(theirs, rows["products"], SEEN.categories)
            )
    return found


def column(prefix: str) -> str:
    """Return the one feature whose name begins so: the slug of a hostile name is not told twice."""
    start, unit, _ = prefix.partition("_currency")
    longer = [name for name in beside_drawn.READ if name.startswith(f"{start}_") and name.endswith(unit)]
    names = [name for name in longer if "_91d" not in name or not unit]
    names += [name for name in beside_drawn.READ if name == prefix]
    assert len(names) == 1, (prefix, names)
    return names[0]


@st.composite
def of_the_future(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Draw rows that hold, or were known, only at or after the cutoff."""
    drawn = draw(beside)
    after = st.sampled_from([0, 1, DAY, 40 * DAY]).map(moment)
    for name, rows in drawn.items():
        for row in rows:
            row["known_at"] = draw(after)
            if name == "assignments" and draw(st.booleans()):
                row["assigned_at"] = draw(after)
            if name != "assignments" and draw(st.booleans()):
                row["valid_from"], row["known_at"] = (
                    draw(after),
                    draw(st.sampled_from([None, moment(-90 * DAY)])),
                )
            if row.get("valid_until") and row.get("valid_from") and row["valid_until"] <= row["valid_from"]:
                row["valid_until"] = None
    return drawn


@cache
def worlds() -> tuple[Apart, ...]:
    """Return small worlds drawn at random: orders, what was known beside them, and what is learnt only later."""
    gathered: list[Apart] = []

    def apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        keys = ("customer_id", "product_id", "store_id")
        return [
            row | {key: f"{row[key]} {len(gathered)}" for key in keys if row.get(key) is not None}
            for row in rows
        ]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(drawn=orders, past=beside, future=of_the_future())
    def gather(drawn: list[dict[str, Any]], past: dict[str, Any], future: dict[str, Any]) -> None:
        one, two = ({name: apart(rows) for name, rows in each.items()} for each in (past, future))
        gathered.append((apart(drawn), one, two))

    gather()
    return tuple(gathered)


def merged(chosen: Sequence[Apart]) -> Apart:
    """Return worlds as one, which takes the time of one: no two have a customer, a product or a store in common."""
    drawn = [row for world in chosen for row in world[0]]
    past, future = (
        {name: [row for world in chosen for row in world[place][name]] for name in chosen[0][place]}
        for place in (1, 2)
    )
    return drawn, past, future


def holds_of_all(claim: Callable[[Apart], None]) -> None:
    """Try a claim on all worlds at once, and on each when it fails, to name the smallest place where it does."""
    assert len(worlds()) == EXAMPLES
    try:
        claim(merged(worlds()))
    except AssertionError:
        for world in sorted(worlds(), key=lambda world: len(world[0])):
            claim(world)
        raise


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_what_side_tables_feed_is_told_right(engine: DuckDBEngine, zone: str) -> None:
    def told_right(world: Apart) -> None:
        drawn, frames = world[0], tables(world[1])
        assert_told(engine, drawn, frames, zone)

    holds_of_all(told_right)


def assert_told(
    engine: DuckDBEngine, drawn: list[dict[str, Any]], frames: dict[str, pd.DataFrame], zone: str
) -> None:
    found = told(engine, touchpoints(drawn), read(frames), zone=zone)
    wanted = expected(drawn, frames, zone)
    assert sorted(zip(found["customer_id"], found["cutoff"], strict=True)) == sorted(wanted)
    for row in found.to_dict("records"):
        for prefix, value in wanted[row["customer_id"], row["cutoff"]].items():
            name = column(prefix)
            assert row[name] == pytest.approx(np.nan if value is None else value, nan_ok=True), (
                name,
                row["customer_id"],
            )


def test_every_feature_of_a_side_table_has_an_oracle() -> None:
    families = {"attribute", "assignment", "region"}
    ours = {name for name, family in CATALOGUE.families.items() if family in families}
    empty = {name: pd.DataFrame(columns=names) for name, names in beside_drawn.COLUMNS.items()}
    told_of = next(iter(expected([ORDER], empty, "UTC").values()))
    assert ours <= {column(prefix) for prefix in told_of}


def test_what_is_learnt_or_holds_later_changes_no_feature(engine: DuckDBEngine) -> None:
    order = random.Random(1)

    def changes_nothing(world: Apart) -> None:
        frame, past = touchpoints(world[0]), world[1]
        both = {name: past[name] + world[2][name] for name in past}
        for rows in both.values():
            order.shuffle(rows)
        left, right = read(tables(past)), read(tables(both))
        assert differing(*(told(engine, frame, sides, cutoffs=(CUTOFF,)) for sides in (left, right))) == {}
        before, after = (history_of(frame, sides) for sides in (left, right))
        engine.attach(before)
        assert look(engine.run, before, CUTOFF) == look(engine.run, after, CUTOFF)

    holds_of_all(changes_nothing)


def test_the_order_of_rows_says_nothing(engine: DuckDBEngine) -> None:
    order = np.random.default_rng(1)

    def says_nothing(world: Apart) -> None:
        frame, frames = touchpoints(world[0]), tables(world[1])
        shuffled = {name: rows.iloc[order.permutation(len(rows))] for name, rows in frames.items()}
        assert differing(*(told(engine, frame, read(each)) for each in (frames, shuffled))) == {}

    holds_of_all(says_nothing)


def test_a_dictionary_says_of_a_touchpoint_what_the_touchpoint_could_say_itself(engine: DuckDBEngine) -> None:
    rng = np.random.default_rng(1)
    bought = [
        ORDER
        | {"occurred_at": moment(-number * DAY - 1), "product_id": f"p{number % 7}", "quantity": quantity}
        for number, quantity in enumerate(rng.choice([None, 0, 0.333, 5], 60))
    ]
    frame = touchpoints(bought)
    products = pd.DataFrame(
        {
            "product_id": [f"p{number}" for number in range(6)],
            "category": ["milk", "bread", None, "wine", *HOSTILE[:2]],
            "unit_cost": [1.004, 0.0, 2.5, None, 0.0004, 1_000_000.01],
        }
    )
    written = frame.drop(columns=["category", "unit_cost"]).merge(products, on="product_id", how="left")
    left = told(engine, frame, read({"products": products}))
    right = told(engine, written[frame.columns], {})
    assert differing(left, right) == {}
    assert left["spend_on_c0_milk_currency"].max() > 0


def test_the_touchpoint_is_believed_before_the_dictionary(engine: DuckDBEngine) -> None:
    row = ORDER | {"product_id": "p1", "category": "bread", "unit_cost": 1.0}
    products = pd.DataFrame({"product_id": ["p1"], "category": ["milk"], "unit_cost": [5.0]})
    found = told(engine, touchpoints([row]), read({"products": products}), cutoffs=(CUTOFF,)).iloc[0]
    assert (found["spend_on_c1_bread_currency"], found["spend_on_c0_milk_currency"]) == (10.0, 0.0)


def test_a_text_joins_a_dictionary_only_where_one_was_given(engine: DuckDBEngine) -> None:
    frame = touchpoints([ORDER | {"store_id": "s", "product_id": "p1", "category": "bread"}])
    plain = History("plain", frame=frame)
    engine.attach(plain)
    text = build_catalogue(look(engine.run, plain, CUTOFF)).text(plain)
    assert not any(f"JOIN {name}" in text for name in ("products", "stores", "attributes"))
    sides = read({"products": pd.DataFrame({"product_id": ["p1"], "category": ["milk"]}),
                  "stores": pd.DataFrame({"store_id": ["s"], "zone": ["Asia/Tokyo"]})})  # fmt: skip
    described = history_of(frame, sides)
    seen = look(engine.run, described, CUTOFF)
    assert seen.described == ("product_categories", "store_zones")
    text = build_catalogue(seen).text(described)
    assert all(f"JOIN {name}" in text for name in ("products", "stores"))


def test_no_word_of_anybody_is_in_the_text() -> None:
    text = compile_features(CATALOGUE.features, described=SEEN.described)
    secret = [beside_drawn.NUMBERS[0], *HOSTILE, "Rome"]
    assert [word for word in secret if word in text] == []


def test_a_word_on_record_of_few_people_is_not_kept(engine: DuckDBEngine) -> None:
    people = [f"c{number}" for number in range(LEAST_PEOPLE + 1)]
    frame = touchpoints([ORDER | {"customer_id": "c0"}])
    customers = pd.DataFrame({"customer_id": people, "email": [f"{name}@x.org" for name in people],
                              "city": ["Rome"] * LEAST_PEOPLE + ["Oslo"]})  # fmt: skip
    history = history_of(frame, read({"customers": customers}))
    engine.attach(history)
    seen = look(engine.run, history, CUTOFF)
    assert [(each.name, each.terms) for each in seen.attributes] == [("city", ("Rome",))]
    catalogue = build_catalogue(seen)
    assert not any("@" in term or term == "Oslo" for _, term, _ in catalogue.vocabulary)
    found = features_at(engine, history, catalogue, [CUTOFF])
    assert found["attribute_c0_city_code"].tolist() == [0.0]


def test_any_other_word_is_not_an_unknown_one(engine: DuckDBEngine) -> None:
    customers = pd.DataFrame({"customer_id": ["a", "b"], "select": ["nowhere", None]})
    drawn = [ORDER | {"customer_id": name} for name in ("a", "b")]
    found = told(engine, touchpoints(drawn), read({"customers": customers}), cutoffs=(CUTOFF,))
    code = next(name for name in CATALOGUE.names if "select" in name)
    assert found[code].iloc[0] == len(beside_drawn.TERMS)
    assert np.isnan(found[code].iloc[1])


@pytest.mark.parametrize("told_of", ["email", "store", "moonbase"])
def test_a_channel_dictionary_is_completed_from_the_default_one(told_of: str) -> None:
    from tiercast.features.described import dictionaries_of

    channels = pd.DataFrame({"channel": ["EMAIL", "moonbase"], "is_online": [None, "yes"], "cost_per_contact": [0.005, None],
                             "direction": ["pull", "PUSH"], "valid_from": ["2024-01-01", None]})  # fmt: skip
    history = open_source(touchpoints([ORDER]), sides={"channels": channels})
    rows = dictionaries_of(history).frames["channels"]
    rows = rows[rows["channel"] == told_of].sort_values("from_day")
    facts = rows[["is_online", "is_push", "cost_minor"]].astype(object).where(rows.notna(), None)
    wanted = {
        "email": [[1, 1, None], [1, 0, 1]],  # by default until 2024
        "store": [[0, 0, None]],
        "moonbase": [[1, 1, None]],
    }
    assert facts.to_numpy().tolist() == wanted[told_of]


def test_a_frame_that_was_given_is_unchanged(engine: DuckDBEngine) -> None:
    frames = beside_drawn.many(20, seed=1)
    before = {name: frame.copy() for name, frame in frames.items()}
    read(frames)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, before[name])
