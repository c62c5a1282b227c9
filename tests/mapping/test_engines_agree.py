"""A map means the same on DuckDB and on Spark, to the bit, whatever the rows hold."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.mapping.rows import history_of, listed, read
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.mapping.reading import map_of
from tiercast.schema import History

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]
NUMBERS = [
    "1",
    "1.5",
    "-2",
    "1,5",
    "1.234,56",
    "1.234",
    "abc",
    "",
    " 7 ",
    "NaN",
    "inf",
    "1e3",
    "9e99",
    "-0",
    ".5",
    "5,",
]
WORDS = [
    "C1",
    "c1",
    "D'x",
    "a\\b",
    "",
    "  C9",
    "Ünï",
    "<b>",
    "%",
    "x" * 50,
    None,
    "C",
    "🍎",
    "two\nlines",
    "e\u0301",
]
TIMES = [
    "1/7/2011 8:26",
    "31/12/1999 23:59",
    "30/2/2011 8:26",
    "2011-01-01",
    "",
    None,
    "29/2/2024 0:00",
    "x'\\",
]
MAP: dict[str, Any] = {
    "decimal": ",",
    "thousands": ".",
    "columns": {
        "occurred_at": {"column": "at", "format": "%d/%m/%Y %H:%M", "zone": "Europe/London"},
        "known_at": {"column": "since", "unit": "milliseconds"},
        "kind": {
            "column": "word",
            "values": {"D'x": "quote", "a\\b": "back", "Ünï": "u", "%": "share"},
            "prefixes": {"C": "return", "x": "view"},
            "patterns": {"[a-z][0-9]": "visit", "<.*>": "search"},
            "empty": "none",
            "otherwise": "keep",
        },
        "quantity": "number",
        "amount": {"product": ["units", "price"], "absolute": True},
        "discount": {"sum": ["units", "number"], "minus": ["price"], "scale": 0.01},
        "unit_cost": {"product": ["units", "price", "price"], "scale": 0.001},
        "rating": {"column": "number", "scale": 2.5},
        "order_id": {"join": ["word", "number"], "between": "'|\\"},
        "category": {"column": "units", "negative": "low", "otherwise": {"column": "word", "values": {"C": "c"}}},
    },
}  # fmt: skip


def hostile(rows: int = 600) -> dict[str, Any]:
    chance = np.random.default_rng(5)
    price = np.round(chance.random(rows) * 1_000, 6)
    price[::7] = chance.choice([0.335, 1.005, 2.675, 99_999_999.99, 1e9, 1e-8], len(price[::7]))
    return {
        "number": [NUMBERS[at % len(NUMBERS)] for at in range(rows)],
        "word": pd.Series([WORDS[at % len(WORDS)] for at in range(rows)], dtype="str"),
        "at": pd.Series([TIMES[at % len(TIMES)] for at in range(rows)], dtype="str"),
        "since": chance.choice([0.0, 1.6e12, -5.0, 1e300, np.nan, np.inf], rows),
        "units": chance.choice([0, 1, -1, 3, 0.5, 1e10, -7.25, np.nan, 1e-9], rows),
        "price": price,
    }


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert list(one) == list(other)
    one, other = (frame.drop(columns="came_as") for frame in (one, other))  # an order that no engine promises
    assert {name: listed(one[name]) for name in one} == {name: listed(other[name]) for name in other}


def test_every_rule_gives_the_same_cells(duck: DuckDBEngine, spark: Any) -> None:
    history = history_of(MAP, **hostile())
    same(read(duck, history), read(spark, history))


def test_times_of_a_zone_are_the_same_where_clocks_change(duck: DuckDBEngine, spark: Any) -> None:
    hours = pd.Series(pd.date_range("2010-03-26", "2010-11-01", freq="30min")).astype("datetime64[us]")
    told = {
        "columns": {
            name: {"column": name[:5], "zone": "Europe/Berlin"} for name in ("occurred_at", "known_at")
        }
    }
    history = history_of(told, occur=hours, known=hours.astype(str))
    same(read(duck, history), read(spark, history))


def test_repeats_and_exclusions_are_counted_alike(duck: DuckDBEngine, spark: Any) -> None:
    rows = pd.DataFrame(
        {"customer_id": ["a", "a", "b", "b", None, None, "c"], "status": ["ok"] * 6 + ["void"]}
    )
    rows = rows.assign(
        occurred_at="2024-01-01", kind="visit", channel="web", amount=[1.0, 1.0, 2.0, None, 1.0, 1.0, 3.0]
    )
    mapping = map_of(
        {"duplicates": "drop", "exclude": [{"reason": "it's void", "column": "status", "values": ["void"]}]}
    )
    for engine in (duck, spark):
        engine.attach(History("rows", frame=rows, mapping=mapping))
        counted = engine.run(
            "SELECT SUM(CASE WHEN is_duplicate THEN 1 ELSE 0 END) AS n, COUNT(*) AS rows FROM touchpoints"
        )
        assert counted.astype(int).to_numpy().tolist() == [[1, 6]]
        assert engine.excluded() == {"it's void": 1}
