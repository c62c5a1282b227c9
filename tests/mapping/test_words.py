"""Words of a table become words of the contract: the first rule that holds decides, and nothing is guessed."""

from typing import Any

import pytest

from tests.mapping.rows import history_of, listed, read
from tiercast.engines.duckdb import DuckDBEngine

HOSTILE = [
    "it's",
    "back\\slash",
    "C'; DROP TABLE x; --",
    "%",
    "_",
    "🍎",
    "two\nlines",
    '"',
    "``",
    "${x}",
    "é",
]


def kinds(duck: DuckDBEngine, rule: dict[str, Any], *values: Any) -> list[Any]:
    return listed(read(duck, history_of({"columns": {"kind": rule}}, event=list(values)))["kind"])


def test_values_are_translated_and_others_are_nothing_unless_told(duck: DuckDBEngine) -> None:
    told = {"column": "event", "values": {"buy": "purchase", "refund": "return"}}
    assert kinds(duck, told, "buy", " refund ", "sniff", "", None) == ["purchase", "return", None, None, None]
    kept = told | {"otherwise": "keep"}
    assert kinds(duck, kept, "buy", "sniff", None) == ["purchase", "sniff", None]
    assert kinds(duck, told | {"otherwise": "visit"}, "sniff", None) == ["visit", "visit"]
    assert kinds(duck, told | {"otherwise": "visit", "empty": "none"}, "sniff", "", None) == [
        "visit",
        "none",
        "none",
    ]


def test_the_longest_beginning_wins_and_capitals_count(duck: DuckDBEngine) -> None:
    told = {"column": "event", "prefixes": {"C": "return", "CX": "support"}, "otherwise": "purchase"}
    assert kinds(duck, told, "C1", "CX1", "c1", "XC") == ["return", "support", "purchase", "purchase"]


def test_a_pattern_is_about_the_whole_text(duck: DuckDBEngine) -> None:
    told = {"column": "event", "patterns": {"[0-9]{5}[A-Z]?": "view"}, "otherwise": "search"}
    assert kinds(duck, told, "85123A", "85123", "85123AB", "x85123", "85123\n") == [
        "view",
        "view",
        "search",
        "search",
        "search",
    ]


def test_whole_values_come_before_beginnings_and_these_before_patterns(duck: DuckDBEngine) -> None:
    told = {
        "column": "event",
        "patterns": {".*": "search"},
        "prefixes": {"a": "view"},
        "values": {"ab": "visit"},
    }
    assert kinds(duck, told, "ab", "ac", "x") == ["visit", "view", "search"]


def test_another_column_decides_when_the_first_does_not(duck: DuckDBEngine) -> None:
    rule = {
        "column": "invoice",
        "prefixes": {"C": "return"},
        "otherwise": {"column": "units", "negative": "adjustment", "otherwise": "purchase"},
    }
    history = history_of({"columns": {"kind": rule}}, invoice=["C1", "2", "3", None], units=[-1, -1, 1, 0])
    assert read(duck, history)["kind"].tolist() == ["return", "adjustment", "purchase", "purchase"]


def test_an_identifier_may_be_several_columns_or_the_first_that_is_there(duck: DuckDBEngine) -> None:
    told = {
        "columns": {
            "order_id": {"join": ["store", "ticket"], "between": "/"},
            "customer_id": {"first": ["user", "cookie"]},
        }
    }
    found = read(
        duck, history_of(told, store=[1, 1, 2], ticket=["7", None, "7"], user=[None, "u", " "], cookie="c")
    )
    assert listed(found["order_id"]) == ["1/7", None, "2/7"]
    assert found["customer_id"].tolist() == ["c", "u", "c"]


def test_a_customer_number_that_came_as_a_float_is_a_whole_number(duck: DuckDBEngine) -> None:
    told = {"columns": {"customer_id": "number", "order_id": {"column": "number", "prefixes": {"17": "old"}}}}
    found = read(duck, history_of(told, number=[17850.0, None, 12.5]))
    assert listed(found["customer_id"]) == ["17850", None, "12.5"]
    assert found["order_id"].tolist()[0] == "old"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(duck: DuckDBEngine, text: str) -> None:
    for rule in (
        {"column": "event", "values": {text: text}},
        {"column": "event", "prefixes": {text: text}},
        {"column": "event", "values": {"else": "x"}, "otherwise": text},
    ):
        assert kinds(duck, rule, text) == [text]
    history = history_of({"columns": {"kind": text, "category": {"value": text}}}, **{text: ["x"]})
    assert read(duck, history)[["kind", "category"]].to_numpy().tolist() == [["x", text]]
