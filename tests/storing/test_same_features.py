"""Whatever the batches, their order and what is wrong with their rows: a store gives the features of all rows at once."""

import tempfile
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.features.drawn import CATALOGUE, CUTOFFS, differing, many, moment, rows, sides, table
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.contract import contract_sql
from tiercast.intake import take_stock
from tiercast.ledger import read_ledger
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.sources.opening import open_source
from tiercast.sources.siding import read_sides
from tiercast.storing import add

DAY = 86_400
drawn_often, drawn_seldom = (
    settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    for examples in (12, 1)
)
faults: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{}] * 6,
        {"occurred_at": None},
        {"occurred_at": moment(-40_000 * DAY)},
        {"occurred_at": moment(3_000 * DAY)},
        {"known_at": moment(-40_000 * DAY)},
        {"kind": " "},
        {"channel": None},
        {"amount": -1.0},
        {"amount": float("inf")},
        {"amount": 1e12},
        {"quantity": 1e12},
        {"currency": "XXX"},
        {"currency": "usd"},
        {"customer_id": None, "identity": "X", "identity_kind": "cookie"},
        {"customer_id": None, "identity": "nobody's"},
        {"customer_id": None, "amount": -1.0},
        {"customer_id": None, "kind": None},
    ]
)
SIDES = sides() | read_sides(
    {"identities": pd.DataFrame({"identity_kind": ["cookie"], "identity": ["X"], "customer_id": ["a"]})}
)


@st.composite
def batches(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Draw rows, of which some carry an event id that others carry too, and some are faulty; in up to four parts."""
    plain = {"currency": None, "identity": None, "identity_kind": None}
    drawn = [
        each | plain | {"event_id": draw(st.sampled_from([None, "e1", "e1", "e2"]))} | draw(faults)
        for each in draw(st.lists(rows(), min_size=1, max_size=20))
    ]
    parts: list[list[dict[str, Any]]] = [[] for _ in range(draw(st.integers(1, 3)))]
    for each in drawn:
        parts[draw(st.integers(0, len(parts) - 1))].append(each)
    return parts


def typed(drawn: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as touchpoints, with the columns of faults."""
    frame = table(drawn)
    for name in ("event_id", "currency", "identity", "identity_kind"):
        frame[name] = pd.Series([each[name] for each in drawn], dtype="str")
    return frame


def features(engine: DuckDBEngine, history: History) -> pd.DataFrame:
    engine.attach(history)
    return features_at(engine, history, CATALOGUE, CUTOFFS)


def counted(engine: DuckDBEngine, history: History) -> list[tuple[Any, ...]]:
    """Return every accepted row as the features' text sees it, in an order of its own."""
    engine.attach(history)
    view = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    found = engine.run(f"SELECT * FROM ({view}) AS contract WHERE verdict = 'ACCEPTED' ORDER BY ALL")
    return list(found.astype(object).where(found.notna(), None).itertuples(index=False, name=None))


def stored(folder: str, parts: list[list[dict[str, Any]]]) -> History:
    """Add the parts one after the other, and open the store with what is known besides."""
    for number, part in enumerate(parts):
        add(typed(part), to=folder, batch=f"b{number}", most_rejected_share=1.0, threads=1)
    return replace(open_source(f"store:{folder}"), sides=SIDES)


def at_once(parts: list[list[dict[str, Any]]]) -> History:
    return History("at once", frame=typed([each for part in parts for each in part]), sides=SIDES)


@drawn_often
@given(parts=batches())
def test_any_batches_in_any_order_hold_the_rows_that_count_when_all_come_at_once(
    engine: DuckDBEngine, parts: list[list[dict[str, Any]]]
) -> None:
    expected = counted(engine, at_once(parts))
    account = take_stock(engine, at_once(parts), repeats=False)
    with tempfile.TemporaryDirectory() as folder:
        kept = stored(folder, parts)
        assert counted(engine, kept) == expected
        again = take_stock(engine, kept, repeats=False)
        held = read_ledger(folder).batches
    assert (again.rows_accepted, again.rows_unresolved) == (account.rows_accepted, account.rows_unresolved)
    assert sum(each.rows for each in held) == again.rows_read
    for each, part in zip(held, parts, strict=True):
        assert each.rows_read == len(part) == each.rows_accepted + each.rows_unresolved + each.rows_rejected
        assert sum(each.rejected.values()) == each.rows_rejected


@drawn_seldom
@given(parts=batches())
def test_any_batches_in_any_order_give_the_features_of_all_rows_at_once(
    engine: DuckDBEngine, parts: list[list[dict[str, Any]]]
) -> None:
    expected = features(engine, at_once(parts))
    with tempfile.TemporaryDirectory() as folder:
        assert differing(features(engine, stored(folder, parts)), expected) == {}


def test_many_customers_by_day_of_knowledge_are_the_same_as_at_once(
    engine: DuckDBEngine, tmp_path: Any
) -> None:
    frame = many(60, seed=5)
    night = frame["known_at"].fillna(frame["occurred_at"]).dt.to_period("Q").astype(str)
    for name, part in frame.groupby(night, sort=False):
        add(part, to=tmp_path, batch=str(name), threads=1)
    expected = features(engine, History("at once", frame=frame, sides=SIDES))
    assert differing(features(engine, replace(open_source(f"store:{tmp_path}"), sides=SIDES)), expected) == {}
    assert len(read_ledger(tmp_path).batches) > 5


EVENT = {
    "customer_id": "a",
    "event_id": "e",
    "occurred_at": moment(-DAY),
    "kind": "purchase",
    "channel": "web",
    "amount": 5.0,
}


@pytest.mark.parametrize(
    "fault",
    [{"amount": -5.0}, {"amount": 1e9}, {"currency": "EUR"}, {"occurred_at": moment(-40_000 * DAY)}],
    ids=str,
)
def test_a_rejected_row_that_came_first_still_makes_its_copy_a_duplicate(
    engine: DuckDBEngine, fault: dict[str, Any], tmp_path: Any
) -> None:
    first = EVENT | {"occurred_at": moment(-2 * DAY), "currency": None} | fault
    drawn = [pd.DataFrame([each]) for each in (first, EVENT | {"currency": None})]
    for number, part in enumerate(drawn):
        add(part, to=tmp_path, batch=f"{number}", most_rejected_share=1.0, threads=1)
    kept = open_source(f"store:{tmp_path}")
    engine.attach(kept)
    account = take_stock(engine, kept, repeats=False)
    assert (account.rows_read, account.rows_accepted, account.rejected["DUPLICATE_EVENT"]) == (2, 0, 1)
    engine.attach(History("at once", frame=pd.concat(drawn)))
    assert take_stock(engine, History("at once"), repeats=False).rejected == account.rejected


def test_a_row_of_the_future_waits_for_its_day(engine: DuckDBEngine, tmp_path: Any) -> None:
    add(
        pd.DataFrame([EVENT, EVENT | {"occurred_at": moment(3_000 * DAY)}]), to=tmp_path, batch="b", threads=1
    )
    (batch,) = read_ledger(tmp_path).batches
    assert (batch.rows_accepted, batch.rejected, batch.last_day[:4]) == (2, {}, "2032")
    kept = open_source(f"store:{tmp_path}")
    engine.attach(kept)
    assert take_stock(engine, kept, repeats=False).rejected == {"FUTURE_TIME": 1}
    contract = "SELECT COUNT(*) AS later FROM (SELECT * FROM touchpoints CROSS JOIN clock WHERE occurred_us <= now_s * 1e6)"
    assert engine.run(contract, now_s=4_000_000_000)["later"][0] == 2


def test_an_identity_that_is_learnt_later_finds_its_rows_in_the_store(
    engine: DuckDBEngine, tmp_path: Any
) -> None:
    scanned = pd.DataFrame(
        [{name: EVENT[name] for name in ("occurred_at", "kind", "channel", "amount")}]
    ).assign(identity="4711", identity_kind="pos_card")
    done = add(scanned, to=tmp_path, threads=1)
    assert done.batch is not None
    assert (done.batch.rows_unresolved, done.batch.rows_accepted) == (1, 0)
    told = pd.DataFrame({"identity_kind": ["pos_card"], "identity": ["4711"], "customer_id": ["ann"]})
    kept = open_source(f"store:{tmp_path}", sides={"identities": told})
    found = features(engine, replace(kept, sides=kept.sides | sides()))
    assert found["customer_id"].unique().tolist() == ["ann"]
