"""Shake the future: nothing that happens, or becomes known, at or after a cutoff moves a bit of any feature."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import hypothesis.strategies as st
import pandas as pd
from hypothesis import HealthCheck, given, settings

from tests.features.drawn import CUTOFF, differing, histories, moment, rows, seconds, table, told
from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine

DAY = 86_400
EVENT = {
    "customer_id": "a",
    "event_id": "e",
    "occurred_at": moment(-DAY),
    "kind": "purchase",
    "channel": "web",
    "amount": 5.0,
}
EXAMPLES = 40
Apart = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]
after = st.sampled_from([0, 1, DAY - 1, DAY, 40 * DAY])


@st.composite
def of_the_future(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw events at or after the cutoff, and events of any time that were known only then."""
    happened = draw(st.lists(rows(occurred=after), max_size=8))
    learnt = draw(st.lists(rows(occurred=seconds), max_size=8))
    return happened + [row | {"known_at": max(moment(draw(after)), row["occurred_at"])} for row in learnt]


@st.composite
def numbered(draw: st.DrawFn, drawn: st.SearchStrategy[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Draw rows of which some carry an event id that others carry too."""
    return [
        row | {"event_id": draw(st.sampled_from([None, None, "e1", "e2", "e3", "e4"]))} for row in draw(drawn)
    ]


@cache
def worlds() -> tuple[Apart, ...]:
    """Return pasts drawn at random, each with two futures; their customers and events are told apart by number."""
    gathered: list[Apart] = []

    def apart(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
        keys = ("customer_id", "event_id")
        return [
            row | {key: row[key] and f"{row[key]} {len(gathered)}" for key in keys if key in row}
            for row in drawn
        ]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(past=numbered(histories), one=numbered(of_the_future()), other=numbered(of_the_future()))
    def gather(past: list[dict[str, Any]], one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
        gathered.append((apart(past), apart(one), apart(other)))

    gather()
    return tuple(gathered)


def test_another_future_changes_no_feature(engine: DuckDBEngine) -> None:
    """All worlds are told at once, since a text takes its time however few its rows are; each alone when that fails."""
    order = random.Random(1)

    def assert_unmoved(chosen: Sequence[Apart]) -> None:
        past, one, other = ([row for world in chosen for row in world[place]] for place in range(3))
        shuffled = past + other
        order.shuffle(shuffled)
        left = told(engine, table(past + one), cutoffs=(CUTOFF,))
        right = told(engine, table(shuffled), cutoffs=(CUTOFF,))
        assert differing(left, right) == {}

    assert len(worlds()) == EXAMPLES
    try:
        assert_unmoved(worlds())
    except AssertionError:
        for world in sorted(worlds(), key=lambda world: len(world[0])):
            assert_unmoved([world])
        raise


def test_a_refund_known_after_the_cutoff_is_invisible(engine: DuckDBEngine) -> None:
    world = touchpoints()
    late = pd.to_datetime(world["known_at"]) >= pd.Timestamp(CUTOFF)
    assert late.sum() == 1
    left, right = (told(engine, frame, cutoffs=(CUTOFF,)) for frame in (world, world[~late]))
    assert differing(left, right) == {}


def test_a_later_copy_of_an_event_does_not_replace_it(engine: DuckDBEngine) -> None:
    copy = EVENT | {"occurred_at": moment(-2 * DAY), "known_at": moment(DAY), "amount": 7.0}
    left, right = (told(engine, table(drawn), cutoffs=(CUTOFF,)) for drawn in ([EVENT], [copy, EVENT]))
    assert differing(left, right) == {}


def test_a_copy_that_cannot_be_read_does_not_displace_the_event(engine: DuckDBEngine) -> None:
    left = told(engine, table([EVENT]), cutoffs=(CUTOFF,))
    for fault in (
        {"occurred_at": None},
        {"kind": None},
        {"channel": " "},
        {"customer_id": None},
        {"amount": float("inf")},
    ):
        copy = EVENT | {"known_at": moment(-9 * DAY)} | fault
        right = told(engine, table([copy, EVENT]), cutoffs=(CUTOFF,))
        assert differing(left, right) == {}, fault
