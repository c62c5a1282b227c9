"""Which row of a dictionary is in force on a day, and how side tables are named on a command line."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from tiercast.errors import SourceError, UnknownName
from tiercast.serving.tables import ALWAYS, NEVER
from tiercast.sides import SIDES, spoken_sides
from tiercast.sidetable import SideTable, days_of, in_force
from tiercast.windows import day_number, day_of


def force(*rows: tuple[str, str | None, str | None, str | None]) -> list[list[Any]]:
    """Return (region, first day, last day) of stores told as (region, valid_from, valid_until, known_at), as ISO days."""

    def micros(told: str | None) -> float | None:
        return None if told is None else datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp() * 1e6

    frame = pd.DataFrame(
        [["s", region, *map(micros, (since, until, known or since))] for region, since, until, known in rows],
        columns=["store_id", "region", "valid_from_us", "valid_until_us", "known_us"],
    )
    found = in_force(SideTable("stores", frame), ["store_id"])

    def day(number: int) -> str:
        return {ALWAYS: "always", NEVER: "never"}.get(number) or day_of(number).isoformat()

    return [[row.region, day(row.from_day), day(row.until_day)] for row in found.itertuples()]


def test_a_row_without_times_holds_always() -> None:
    assert force(("north", None, None, None)) == [["north", "always", "never"]]


def test_a_row_holds_until_the_next_one_does() -> None:
    assert force(("south", "2024-02-01", None, None), ("north", "2024-01-01", None, None)) == [
        ["north", "2024-01-01", "2024-02-01"],
        ["south", "2024-02-01", "never"],
    ]


def test_a_row_that_ends_leaves_a_gap() -> None:
    assert force(("north", "2024-01-01", "2024-01-10", None), ("south", "2024-02-01", None, None)) == [
        ["north", "2024-01-01", "2024-01-10"],
        ["south", "2024-02-01", "never"],
    ]


def test_what_is_known_late_holds_late() -> None:
    assert force(("north", None, None, None), ("south", "2024-01-01", None, "2024-03-01")) == [
        ["north", "always", "2024-03-01"],
        ["south", "2024-03-01", "never"],
    ]


def test_what_is_learnt_late_of_an_older_time_changes_nothing() -> None:
    assert force(("north", "2024-02-01", None, None), ("south", "2024-01-01", None, "2024-03-01")) == [
        ["north", "2024-02-01", "never"]
    ]


def test_a_correction_of_the_same_time_holds_from_when_it_is_known() -> None:
    assert force(("north", "2024-02-01", None, None), ("south", "2024-02-01", None, "2024-03-01")) == [
        ["north", "2024-02-01", "2024-03-01"],
        ["south", "2024-03-01", "never"],
    ]


def test_of_one_day_the_last_row_holds() -> None:
    assert force(("noon", "2024-01-01T12:00", None, None), ("dawn", "2024-01-01T06:00", None, None)) == [
        ["noon", "2024-01-01", "never"]
    ]


def test_what_ended_before_it_was_known_never_holds() -> None:
    assert force(("north", "2024-01-01", "2024-01-10", "2024-02-01")) == []


def test_days_before_1970_are_days_too() -> None:
    assert days_of(pd.Series([-1.0, 0.0, None, 864e8]), 99).tolist() == [-1, 0, 99, 1]
    assert day_number(datetime(1970, 1, 2, tzinfo=UTC).date()) == 1


@pytest.mark.parametrize("told", ["products", "products=", "=x", ""])
def test_a_side_table_is_told_as_name_and_source(told: str) -> None:
    with pytest.raises((SourceError, UnknownName)):
        spoken_sides([told])


def test_a_source_may_hold_any_sign_and_a_table_is_given_once() -> None:
    assert spoken_sides(["stores=csv:a=b.csv?delimiter=;"]) == {"stores": "csv:a=b.csv?delimiter=;"}
    with pytest.raises(SourceError, match="given twice"):
        spoken_sides(["stores=a.csv", "stores=b.csv"])


def test_every_side_table_says_what_it_is() -> None:
    for side in SIDES.values():
        assert side.meaning
        assert all(column.meaning for column in side.columns)
        assert len(set(side.names)) == len(side.names)
        assert set(side.key) <= set(side.names)
