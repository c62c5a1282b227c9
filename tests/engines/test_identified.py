"""Ids of channels become customers, once, by what was known then; what is learnt later takes no touchpoint back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from tests.features.drawn import CUTOFF, HOSTILE, differing
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.engines.identified import lines_of
from tiercast.features.catalogue import build_catalogue
from tiercast.features.declare import Seen
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.serving.refusals import MissingColumns
from tiercast.sidetable import SideTable
from tiercast.sources import siding
from tiercast.sources.opening import open_source

START = datetime(2024, 2, 1, tzinfo=UTC)
CATALOGUE = build_catalogue(Seen(frozenset({"visit", "purchase"}), channels=("web",)))
few = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def links(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows, columns=["identity_kind", "identity", "customer_id", "valid_from", "valid_until", "known_at"]
    )
    for name in ("valid_from", "valid_until", "known_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(("identity_kind", "identity", "customer_id"), "str"))


def table(rows: list[dict[str, Any]]) -> SideTable:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(siding, "MOST_REJECTED_SHARE", 1.0)
        return siding.read_sides({"identities": links(rows)})["identities"]


def visits(rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = ["customer_id", "occurred_at", "known_at", "identity", "identity_kind", "event_id", "kind"]
    frame = pd.DataFrame(rows, columns=names).assign(channel="web")
    frame["kind"] = frame["kind"].astype("str").fillna("visit")
    for name in ("occurred_at", "known_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(
        dict.fromkeys(("customer_id", "identity", "identity_kind", "event_id", "kind"), "str")
    )


_days = st.sampled_from([None, 0.0, 1.0, 5.0, 5.5, 10.0, 20.0, 28.0, 28.5, 29.0, 30.0])


@st.composite
def _link(draw: st.DrawFn) -> dict[str, Any]:
    since, lasts, known = draw(_days), draw(st.sampled_from([None, None, 0.5, 3.0, 15.0])), draw(_days)
    until = None if lasts is None else (since or 0.0) + lasts
    return {
        "identity_kind": draw(st.sampled_from([None, "cookie", "Cookie", "pos_card"])),
        "identity": draw(st.sampled_from(["x", "it's; --"])),
        "customer_id": draw(st.sampled_from(["ann", "ben", "cai"])),
        "valid_from": None if since is None else at(since),
        "valid_until": None if until is None else at(until),
        "known_at": None if known is None else at(known),
    }


@st.composite
def _visit(draw: st.DrawFn) -> dict[str, Any]:
    happened, late = draw(_days.filter(lambda day: day is not None)), draw(st.sampled_from([None, 0.0, 2.0]))
    return {
        "customer_id": draw(st.sampled_from([None, None, None, "ann", "dot"])),
        "occurred_at": at(happened),
        "known_at": None if late is None else at(happened + late),
        "identity": draw(st.sampled_from([None, "x", "it's; --", "unknown"])),
        "identity_kind": draw(st.sampled_from([None, "cookie", "COOKIE", "pos_card"])),
        "event_id": draw(st.sampled_from([None, "e1", "e2"])),
        "kind": "visit",
    }


many_links = st.lists(_link(), max_size=8)
many_visits = st.lists(_visit(), min_size=1, max_size=12)
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
ALWAYS = datetime(2, 1, 1, tzinfo=UTC)


def whose(
    told: list[dict[str, Any]], kind: str, identity: str, moment: datetime
) -> tuple[str, datetime] | None:
    """Tell by hand to whom an id belonged, and since when that was known: one link after the other."""
    theirs = []
    for link in told:
        since = link["valid_from"] or ALWAYS
        known = link["known_at"] or since
        if ((link["identity_kind"] or "").lower(), link["identity"]) == (kind, identity) and since <= moment:
            theirs.append((since, known, link["valid_until"] or NEVER, link["customer_id"]))
    in_time = [link for link in theirs if link[1] <= moment]
    if in_time:
        _, known, until, customer = max(in_time, key=lambda link: (link[0], link[1], link[2]))
        if until > moment:
            return customer, moment
    later = [link for link in theirs if link[1] > moment and link[2] > moment]
    if not later:
        return None
    _, known, _, customer = min(later, key=lambda link: (link[1], -link[0].timestamp()))
    return customer, known


def usable(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the links that end after they begin and that no other contradicts."""

    def key(link: dict[str, Any]) -> tuple[Any, ...]:
        return (
            (link["identity_kind"] or "").lower(),
            link["identity"],
            link["valid_from"],
            link["known_at"] or link["valid_from"],
        )

    sound = [
        link
        for link in told
        if not (link["valid_from"] and link["valid_until"]) or link["valid_until"] > link["valid_from"]
    ]
    return [
        link
        for link in sound
        if len({other["customer_id"] for other in sound if key(other) == key(link)}) == 1
    ]


@few
@given(told=many_links, moment=st.integers(-2, 80).map(lambda half: at(half / 2)))
def test_an_id_belongs_to_whom_it_was_known_to_belong(told: list[dict[str, Any]], moment: datetime) -> None:
    lines = lines_of(table(told))
    micros = int(moment.timestamp() * 1_000_000)
    for kind in ("", "cookie", "pos_card"):
        for identity in ("x", "it's; --"):
            here = lines[
                (lines["identity_kind"] == kind) & (lines["identity"] == identity)
                & (lines["from_us"] <= micros) & (micros < lines["until_us"])
            ]  # fmt: skip
            wanted = whose(usable(told), kind, identity, moment)
            found = [(row.customer_id, max(row.known_us, micros)) for row in here.itertuples()]
            assert found == (
                [] if wanted is None else [(wanted[0], max(int(wanted[1].timestamp() * 1e6), micros))]
            )


def told_of(engine: DuckDBEngine, rows: list[dict[str, Any]], known: list[dict[str, Any]]) -> pd.DataFrame:
    history = History("drawn", frame=visits(rows), sides={"identities": table(known)})
    engine.attach(history)
    return features_at(engine, history, CATALOGUE, [CUTOFF])


@few
@given(rows=many_visits, past=many_links, future=many_links, order=st.randoms())
def test_a_link_that_is_learnt_later_changes_nothing_before(
    engine: DuckDBEngine,
    rows: list[dict[str, Any]],
    past: list[dict[str, Any]],
    future: list[dict[str, Any]],
    order: Any,
) -> None:
    cutoff = datetime(CUTOFF.year, CUTOFF.month, CUTOFF.day, tzinfo=UTC)
    later = [link | {"known_at": cutoff + timedelta(days=order.choice([0, 1, 9]))} for link in future]
    both = past + [link for link in later if not link["valid_from"] or link["valid_from"] <= link["known_at"]]
    order.shuffle(both)
    assert differing(told_of(engine, rows, past), told_of(engine, rows, both)) == {}


def resolved(
    engine: DuckDBEngine, rows: list[dict[str, Any]], known: list[dict[str, Any]]
) -> list[list[Any]]:
    engine.attach(History("drawn", frame=visits(rows), sides={"identities": table(known)}))
    found = engine.run(
        "SELECT customer_id, known_us, resolved_by, is_duplicate FROM touchpoints ORDER BY occurred_us, event_id"
    )
    return found.astype(object).where(found.notna(), None).to_numpy().tolist()


@pytest.fixture(scope="module")
def engine() -> Any:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def micros(day: float) -> int:
    return int(at(day).timestamp() * 1_000_000)


def test_a_touchpoint_is_known_no_earlier_than_whose_it_was(engine: DuckDBEngine) -> None:
    card = {"identity_kind": "pos_card", "identity": "7"}
    found = resolved(
        engine, [card | {"occurred_at": at(3)}], [card | {"customer_id": "ann", "known_at": at(9)}]
    )
    assert found == [["ann", micros(9), "pos_card", False]]


def test_what_says_itself_whose_it_is_is_believed(engine: DuckDBEngine) -> None:
    card = {"identity_kind": "pos_card", "identity": "7"}
    found = resolved(
        engine,
        [card | {"customer_id": "dot", "occurred_at": at(3)}],
        [card | {"customer_id": "ann", "known_at": at(9)}],
    )
    assert found == [["dot", None, None, False]]


def test_an_id_of_another_kind_is_another_id(engine: DuckDBEngine) -> None:
    told = [
        {"identity_kind": "pos_card", "identity": "7", "customer_id": "ann"},
        {"identity": "7", "customer_id": "ben"},
    ]
    rows = [
        {"identity_kind": kind, "identity": "7", "occurred_at": at(day)}
        for day, kind in enumerate(("cookie", "POS_Card", None))
    ]
    assert [row[0] for row in resolved(engine, rows, told)] == [None, "ann", "ben"]


def test_a_repeated_event_is_found_by_the_customer_that_an_id_tells(engine: DuckDBEngine) -> None:
    """The copy that was known first stands, also where only an id says whose it is."""
    event = {"event_id": "e", "occurred_at": at(3)}
    rows = [event | {"identity": "7", "known_at": at(3)}, event | {"customer_id": "ann", "known_at": at(8)}]
    found = resolved(engine, rows, [{"identity": "7", "customer_id": "ann", "known_at": at(5)}])
    assert sorted(found, key=lambda row: row[1]) == [
        ["ann", micros(5), "", False],
        ["ann", micros(8), None, True],
    ]


@pytest.mark.parametrize("identity", [*HOSTILE[:-1], "x" * 10_000])
def test_any_text_may_be_an_id(engine: DuckDBEngine, identity: str) -> None:
    found = resolved(
        engine,
        [{"identity": identity, "occurred_at": at(3)}],
        [{"identity": identity, "customer_id": identity}],
    )
    assert [row[0] for row in found] == [identity.strip(" ")]


def test_touchpoints_without_customers_need_no_such_column_where_ids_tell_them(engine: DuckDBEngine) -> None:
    frame = visits([{"identity": "7", "occurred_at": at(3)}]).drop(columns=["customer_id", "event_id"])
    engine.attach(
        open_source(frame, sides={"identities": pd.DataFrame({"identity": [7], "customer_id": [1]})})
    )
    assert engine.run("SELECT customer_id FROM touchpoints")["customer_id"].tolist() == ["1"]
    with pytest.raises(MissingColumns, match="customer_id"):
        engine.attach(open_source(frame))


def test_no_identities_leave_everything_unresolved(engine: DuckDBEngine) -> None:
    assert resolved(engine, [{"identity": "7", "occurred_at": at(3)}], []) == [[None, None, None, False]]


def test_an_id_that_passes_on_all_day_belongs_to_one_at_a_time() -> None:
    shared = [
        {
            "identity": "kiosk",
            "customer_id": f"c{number % 3}",
            "valid_from": at(number / 24),
            "known_at": known,
        }
        for number in range(2_000)
        for known in (at(number / 24 + 1), at(40))
    ]
    lines = lines_of(table(shared)).sort_values("from_us")
    assert (lines["from_us"].to_numpy()[1:] >= lines["until_us"].to_numpy()[:-1]).all()
    assert len(lines) <= 3 * len(shared)
