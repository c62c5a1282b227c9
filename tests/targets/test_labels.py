"""What happened after each origin, as it was known when the window closed; checked against a second telling."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.features.drawn import CUTOFF, moment, rows, table
from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.learners.learner import Panel
from tiercast.panels import as_of
from tiercast.schema import History
from tiercast.targets.labels import label_frame
from tiercast.windows import Horizon

DAY = 86_400
ORIGINS = (CUTOFF, CUTOFF + timedelta(days=7))
HORIZONS = (Horizon(days=28), Horizon(days=14, gap_days=3), Horizon(days=21, gap_days=1, settle_days=5))
ENDS = CUTOFF + timedelta(days=60)
few = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ahead = st.lists(
    rows(occurred=st.integers(-9 * DAY, 80 * DAY) | st.sampled_from([d * DAY for d in range(40)])),
    max_size=40,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def labelled(
    engine: DuckDBEngine, frame: pd.DataFrame, horizon: Horizon, *, follow_days: int = 45, ends: date = ENDS
) -> pd.DataFrame:
    asked = pd.DataFrame(
        [(customer, origin) for origin in ORIGINS for customer in ("a", "b", "ünï; --")],
        columns=["customer_id", "cutoff"],
    )
    history = History("drawn", frame=frame)
    engine.attach(history)
    found = label_frame(
        engine.run,
        history,
        asked,
        origins=ORIGINS,
        horizon=horizon,
        follow_days=follow_days,
        data_ends_on=ends,
    )
    return pd.concat([asked, found], axis=1)


def expected(
    frame: pd.DataFrame, asked: pd.DataFrame, horizon: Horizon, follow_days: int
) -> list[dict[str, float]]:
    """Tell the labels again, row by row."""
    told = []
    events = frame.assign(
        kind=frame["kind"].str.lower(),
        day=frame["occurred_at"].dt.date,
        seen=frame[["occurred_at", "known_at"]].max(axis=1).dt.date,
        minor=np.floor(frame["amount"].fillna(0) * 100 + 0.5),
    )
    for customer, origin in asked[["customer_id", "cutoff"]].itertuples(index=False):
        own = events[events["customer_id"] == customer]
        start = origin + timedelta(days=horizon.gap_days)
        end = start + timedelta(days=horizon.days)
        settled = min(end + timedelta(days=horizon.settle_days), ENDS)
        inside = own[(own["day"] >= start) & (own["day"] < end) & (own["seen"] < settled)]
        bought = inside[inside["kind"] == "purchase"]
        follow = min(follow_days, (ENDS - start).days)
        until = start + timedelta(days=max(follow_days, horizon.days))
        known = min(until + timedelta(days=horizon.settle_days), ENDS)
        later = own[(own["kind"] == "purchase") & (own["day"] >= start) & (own["seen"] < known)]["day"]
        wait = (later.min() - start).days + 1 if len(later) else np.nan
        told.append(
            {
                "purchased": float(len(bought) > 0),
                "order_days_future": float(bought["day"].nunique()),
                "value_currency": (bought["minor"].sum() - inside[inside["kind"] == "return"]["minor"].sum())
                / 100,
                "days_to_purchase": wait if wait <= follow else np.nan,
                "observed_days": float(follow),
            }
        )
    return told


@pytest.mark.parametrize("horizon", HORIZONS, ids=str)
def test_any_history_is_labelled_as_it_was_known_when_the_window_closed(
    engine: DuckDBEngine, horizon: Horizon
) -> None:
    @few
    @given(ahead)
    def holds(drawn: list[dict[str, Any]]) -> None:
        frame = table(drawn)
        found = labelled(engine, frame, horizon)
        wanted = pd.DataFrame(expected(frame, found, horizon, 45)).astype("float64")
        pd.testing.assert_frame_equal(found[list(wanted)], wanted, check_exact=False, rtol=0, atol=1e-6)

    holds()


@few
@given(
    ahead,
    st.lists(rows(occurred=st.integers(-9 * DAY, 80 * DAY)), min_size=1, max_size=20),
    st.sampled_from(HORIZONS),
)
def test_a_late_backfill_changes_no_label(
    engine: DuckDBEngine, drawn: list[dict[str, Any]], late: list[dict[str, Any]], horizon: Horizon
) -> None:
    end = (ENDS - CUTOFF).days * DAY
    backfill = [row | {"known_at": max(moment(end), row["occurred_at"])} for row in late]
    before, after = (labelled(engine, table(which), horizon) for which in (drawn, drawn + backfill))
    pd.testing.assert_frame_equal(before, after)


def test_the_world_in_labels(engine: DuckDBEngine) -> None:
    world = History("world", frame=touchpoints())
    engine.attach(world)
    asked = pd.DataFrame({"customer_id": ["ann", "ben", "zoe"], "cutoff": [date(2024, 2, 14)] * 3})
    found = label_frame(
        engine.run,
        world,
        asked,
        origins=[date(2024, 2, 14)],
        horizon=Horizon(28),
        follow_days=182,
        data_ends_on=date(2024, 4, 1),
    )
    assert found.to_dict("list") == {
        "purchased": [1.0, 0.0, 0.0],
        "order_days_future": [2.0, 0.0, 0.0],
        "days_to_purchase": pytest.approx([14.0, np.nan, np.nan], nan_ok=True),
        "days_to_knowledge": pytest.approx([14.0, np.nan, np.nan], nan_ok=True),
        "value_currency": [31.0, -30.0, 0.0],
        "observed_days": [47.0, 47.0, 47.0],
    }


def test_an_earlier_end_takes_out_what_happened_or_was_known_only_then(engine: DuckDBEngine) -> None:
    def bought(customer: str, day: int, known: int) -> dict[str, Any]:
        at = {"occurred_at": moment(day * DAY), "known_at": moment(known * DAY)}
        return {"customer_id": customer, "kind": "purchase", "channel": "web", "amount": 1.0} | at

    frame = table([bought("a", 9, 9), bought("b", 9, 33), bought("ünï; --", 31, 31)])
    horizon = Horizon(7)
    found = labelled(engine, frame, horizon)
    asked, labels = found[["customer_id", "cutoff"]], found.drop(columns=["customer_id", "cutoff"])
    told = as_of(Panel(asked, labels, ()), CUTOFF + timedelta(days=30), horizon)
    first = told.labels[told.features["cutoff"] == CUTOFF]
    assert first["days_to_purchase"].tolist() == pytest.approx([10.0, np.nan, np.nan], nan_ok=True)
    assert first["observed_days"].tolist() == [30.0] * 3
    assert len(as_of(Panel(asked, labels, ()), CUTOFF + timedelta(days=6), horizon)) == 0
