"""Channels: through which the customer comes, where an order is one act however long its receipt is."""

from typing import Any

import numpy as np
import pytest

from tests.features.drawn import CATALOGUE, CUTOFF, moment, table, told
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.compile import compile_features
from tiercast.features.declare import Feature

DAY = 86_400
CODES = {channel: code for code, channel in enumerate(CATALOGUE.seen.channels)}


def preferred(engine: DuckDBEngine, rows: list[dict[str, Any]]) -> float:
    """Return the code of the preferred channel of a customer of whom there is nothing else."""
    told_as = [{"customer_id": "a", "kind": "purchase", "amount": 1.0} | row for row in rows]
    found = told(engine, table(told_as), cutoffs=(CUTOFF,), wanted=["preferred_channel_code"])
    assert list(found) == ["customer_id", "cutoff", "preferred_channel_code"]
    return float(found["preferred_channel_code"].iloc[0])


def test_an_order_of_fifty_lines_does_not_outweigh_twenty_five_orders(engine: DuckDBEngine) -> None:
    weekly = [{"channel": "store", "order_id": "week", "occurred_at": moment(-DAY)}] * 50
    often = [
        {"channel": "web", "order_id": f"o{day}", "occurred_at": moment(-day * DAY)} for day in range(2, 27)
    ]
    assert preferred(engine, weekly + often) == CODES["web"]
    assert preferred(engine, weekly) == CODES["store"]


def test_orders_and_other_acts_of_their_own_count_alike_and_the_more_frequent_channel_wins_a_tie(
    engine: DuckDBEngine,
) -> None:
    one, other = sorted(("store", "web"), key=lambda channel: CODES[channel])
    order = {"channel": other, "order_id": "o", "occurred_at": moment(-DAY)}
    visit = {"channel": one, "kind": "visit", "occurred_at": moment(-2 * DAY)}
    assert preferred(engine, [order, order, visit]) == CODES[one]
    assert preferred(engine, [order, visit, visit | {"channel": other}]) == CODES[other]


def test_an_order_through_a_channel_beyond_the_vocabulary_prefers_none(engine: DuckDBEngine) -> None:
    assert np.isnan(preferred(engine, [{"channel": "elsewhere", "occurred_at": moment(-DAY)}]))


def test_what_a_feature_is_made_of_is_in_the_text_and_no_column_of_its_answer() -> None:
    part = Feature("touched", "touches", "COUNT(*)", "touchpoints", "…")
    made = Feature("touched_twice", "derived", "touched * 2", "touchpoints", "…", None, (part,))
    final = compile_features([made]).rpartition("SELECT")[2]
    assert "AS touched_twice" in final
    assert "AS touched\n" not in final
    assert not [name for name in CATALOGUE.names if name.startswith(("came_through", "ordered_through"))]
    with pytest.raises(ValueError, match="two features share a name: touched"):
        compile_features([made, Feature("touched", "orders", "COUNT(*)", "orders", "…")])
