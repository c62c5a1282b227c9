"""What came beside the touchpoints is accounted for: rows, keys, what it does not describe, and who was found by which id."""

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest

import tiercast
from tiercast.attribute_kinds import as_learned
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.intake import Account, take_stock
from tiercast.schema import History
from tiercast.sources.opening import open_source

ROWS = pd.DataFrame(
    [
        ("a", "2024-01-01", "purchase", "store", "p1", "s1", None, None),
        ("a", "2024-01-02", "purchase", "web", "p2", None, None, None),
        ("b", "2024-01-03", "purchase", "store", "p3", "s2", None, None),
        (None, "2024-01-04", "visit", "Web", None, None, "x", "cookie"),
        (None, "2024-01-05", "visit", "web", None, None, "y", "cookie"),
        (None, "2024-01-06", "visit", "app", None, None, "z", "app_id"),
        (None, "2024-01-06", "visit", "app", None, None, "c", None),
        ("c", "soon", "visit", "moonbase", None, None, None, None),
    ],
    columns=[
        "customer_id",
        "occurred_at",
        "kind",
        "channel",
        "product_id",
        "store_id",
        "identity",
        "identity_kind",
    ],
)
SIDES = {
    "products": pd.DataFrame({"product_id": ["p1", "p2", "p2", "p9"], "category": ["milk", "wine", "wine", None],
                              "valid_from": [None, "2024-01-02", "2024-01-02", None],
                              "known_at": [None, "2024-02-01", "2024-02-01", None], "shelf": 1}),
    "stores": pd.DataFrame({"store_id": ["s1", "s2"], "region": ["north", "south"]}),
    "customers": pd.DataFrame({"customer_id": ["a", "b"], "city": ["Rome", "Oslo"], "birth_on": ["1990-01-01", None]}),
    "identities": pd.DataFrame({"identity": ["x", "z", "c"], "identity_kind": ["cookie", "app_id", None],
                                "customer_id": ["a", "d", "a"]}),
}  # fmt: skip


def stock(sides: dict[str, Any], *, rows: pd.DataFrame = ROWS, repeats: bool = True) -> Account:
    history = open_source(rows, sides=sides)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        return take_stock(engine, history, repeats=repeats)


def test_each_side_table_is_accounted_for() -> None:
    accounts = {each.name: each for each in stock(SIDES).sides}
    products = accounts["products"]
    assert (products.rows_read, products.rows_accepted, products.rows_rejected, products.repeats) == (
        4,
        4,
        0,
        1,
    )
    assert (products.keys, products.first_day, products.ignored_columns) == (3, date(2024, 1, 2), ("shelf",))
    assert accounts["customers"].attributes == {"birth_on": "time", "city": "text"}
    assert accounts["identities"].used is None


def test_what_a_dictionary_does_not_describe_is_counted_as_of_when_it_was_seen() -> None:
    accounts = {each.name: each for each in stock(SIDES).sides}
    products = accounts["products"]  # p3 is not in it; p2 is, but was not known when it was bought
    assert (products.used, products.missing, products.rows_used, products.rows_missing) == (3, 2, 3, 2)
    stores = accounts["stores"]
    assert (stores.used, stores.missing, stores.rows_used, stores.rows_missing) == (2, 0, 2, 0)
    customers = accounts["customers"]  # d, whom an id told, is not in it
    assert (customers.used, customers.missing) == (3, 1)


def test_channels_are_looked_for_in_the_completed_dictionary() -> None:
    rows = ROWS.assign(channel=["store", "web", "moonbase", "moonbase", "sea", "web", "web", "web"])
    (channels,) = stock(
        {"channels": pd.DataFrame({"channel": ["moonbase"], "is_online": ["true"]})}, rows=rows
    ).sides
    # unresolved rows, such as the one at sea, do not count
    assert (channels.used, channels.missing, channels.keys) == (3, 0, 1)


def test_the_match_report_tells_by_channel_who_was_found_by_which_id() -> None:
    account = stock(SIDES)
    found = {
        each.channel: (each.rows, each.own, dict(each.resolved), each.unresolved) for each in account.matches
    }
    assert found == {
        "web": (3, 1, {"cookie": 1}, 1),
        "app": (2, 0, {"app_id": 1, "": 1}, 0),
        "store": (2, 2, {}, 0),
    }
    assert [each.channel for each in account.matches] == ["web", "app", "store"]
    assert account.matches[0].share == pytest.approx(2 / 3)
    assert (account.rows_unresolved, account.rows_accepted, account.rows_rejected) == (1, 6, 1)


def test_without_identities_the_report_still_tells_who_is_nobody() -> None:
    found = {each.channel: (each.own, dict(each.resolved), each.unresolved) for each in stock({}).matches}
    assert found == {"web": (1, {}, 2), "app": (0, {}, 2), "store": (2, {}, 0)}
    assert stock({}, rows=ROWS.dropna(subset=["customer_id"])).matches == ()
    assert stock(SIDES, repeats=False).matches == ()


def test_the_account_is_plain_json() -> None:
    stored = json.loads(json.dumps(stock(SIDES).to_json()))
    assert stored["sides"][0]["first_day"] == "2024-01-02"
    assert stored["matches"][0]["matched_share"] == pytest.approx(2 / 3)


def test_the_python_api_takes_side_tables() -> None:
    report = tiercast.check(ROWS.iloc[:7], sides=SIDES)
    assert {each.name for each in report.account.sides} == set(SIDES)
    seen = tiercast.compute_features(ROWS.iloc[:7], cutoff="2024-02-01", sides=SIDES)
    assert sorted(seen["customer_id"]) == ["a", "b", "d"]
    assert seen["region_c0_north_share"].tolist()[:2] == [0.5, 0.0]
    assert seen["age_years"].notna().tolist() == [True, False, False]


def customers(**columns: list[Any]) -> History:
    return open_source(
        ROWS.iloc[:3], sides={"customers": pd.DataFrame({"customer_id": ["a", "b"], **columns})}
    )


def test_words_that_happen_to_be_numbers_are_told_as_words_again() -> None:
    learned = {"post_code": "text", "absent": "number"}
    table = as_learned(customers(post_code=[10115, 99999]), learned).sides["customers"]
    assert table.frame["attribute post_code"].tolist() == ["10115", "99999"]
    assert table.attributes == {"post_code": "text"}


def test_an_attribute_of_another_kind_than_was_learned_is_refused() -> None:
    with pytest.raises(SourceError, match="attribute score is text, and this version learned it as number"):
        as_learned(customers(score=["1", "high"]), {"score": "number"})


def test_an_attribute_without_any_value_is_of_any_kind() -> None:
    table = as_learned(customers(score=[None, None]), {"score": "number"}).sides["customers"]
    assert table.frame["attribute score"].isna().all()
    assert table.frame["attribute score"].dtype == "float64"
    assert as_learned(open_source(ROWS), {"score": "number"}).sides == {}
