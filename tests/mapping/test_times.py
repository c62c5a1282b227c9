"""Times as people write them, in the zone where they wrote them: read exactly, or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.mapping.rows import history_of, read
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.mapping.times import problem_of
from tiercast.serving.refusals import WrongType
from tiercast.zones import Zone

FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%d.%m.%y %H:%M:%S", "%Y%m%d", "%Y%m%d%H%M%S", "%d %b %Y",
    "%b %d, %Y", "%d %B %Y %I:%M %p", "%Y年%m月%d日", "%A, %d %B %Y %H:%M", "[%d|%m|%Y] (%H+%M)",
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S.%f%z", "100%% %d^%m$%Y \\ '%H:%M'",
)  # fmt: skip
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def when(duck: DuckDBEngine, rule: dict[str, Any], values: Any) -> pd.DataFrame:
    return read(duck, history_of({"columns": {"occurred_at": rule}}, at=values))


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_reads_what_strptime_reads(duck: DuckDBEngine, form: str) -> None:
    seconds = np.random.default_rng(3).integers(0, 2_500_000_000, 200)
    texts = [(EPOCH + timedelta(seconds=int(each))).strftime(form) for each in seconds]
    found = when(duck, {"column": "at", "format": form}, texts)["occurred_us"].tolist()
    parsed = [datetime.strptime(text, form) for text in texts]
    assert found == [micros(each if each.tzinfo else each.replace(tzinfo=UTC)) for each in parsed]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d/%m/%Y", "2011-01-02"),
        ("%d/%m/%Y", "31/04/2011"),
        ("%d/%m/%Y", "1/13/2011"),
        ("%d/%m/%Y %H:%M", "1/1/2011 25:00"),
        ("%d/%m/%Y", "1/1/2011\n"),
        ("%d/%m/%Y", "01/01/11"),
        ("%Y%m%d", "20110230"),
        ("%d %B %Y", "12 Brumaire 1802"),
        ("%I:%M %p %d.%m.%Y", "13:00 PM 1.1.2020"),
    ],
)
def test_what_is_written_otherwise_is_no_time(duck: DuckDBEngine, form: str, text: str) -> None:
    found = when(duck, {"column": "at", "format": form}, [text])
    assert found["bad_time"].tolist() == [True]
    assert found["occurred_us"].isna().all()


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_become_utc_also_where_clocks_change(duck: DuckDBEngine, zone: str) -> None:
    local = [
        datetime(1970, 1, 1) + timedelta(seconds=start + before + off)
        for (_, before), (start, _) in zip(
            Zone.named(zone).shifts[:60], Zone.named(zone).shifts[1:], strict=False
        )
        for off in (-7200, -3600, -1800, -1, 0, 1, 1800, 3599, 3600, 7200)
    ]
    truth = [micros(each.replace(tzinfo=ZoneInfo(zone))) for each in local]
    rule = {"column": "at", "zone": zone}
    typed = pd.Series(local, dtype="datetime64[us]")
    assert when(duck, rule, typed)["occurred_us"].tolist() == truth
    assert when(duck, rule, typed.astype(str))["occurred_us"].tolist() == truth
    assert (
        when(duck, rule | {"format": "%d/%m/%Y %H:%M:%S"}, typed.dt.strftime("%d/%m/%Y %H:%M:%S"))[
            "occurred_us"
        ].tolist()
        == truth
    )


def test_a_time_that_carries_its_offset_keeps_it(duck: DuckDBEngine) -> None:
    rule = {"column": "at", "zone": "Europe/London"}
    texts = ["2011-07-01T12:00:00Z", "2011-07-01 12:00:00+02:00", "2011-07-01 12:00", "2011-07-01"]
    hours = [12, 10, 11, -1]
    start = micros(datetime(2011, 7, 1, tzinfo=UTC))
    assert when(duck, rule, texts)["occurred_us"].tolist() == [start + hour * 3_600_000_000 for hour in hours]
    zoned = pd.to_datetime(pd.Series(texts[:2]), utc=True, format="ISO8601")
    assert when(duck, rule, zoned)["occurred_us"].tolist() == [
        start + hour * 3_600_000_000 for hour in hours[:2]
    ]


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("seconds", 1_600_000_000),
        ("milliseconds", 1_600_000_000_000),
        ("microseconds", 1_600_000_000_000_000),
        ("nanoseconds", 1_600_000_000_000_000_000),
    ],
)
def test_seconds_since_1970_are_read_when_the_map_says_so(duck: DuckDBEngine, unit: str, value: int) -> None:
    rule = {"column": "at", "unit": unit}
    for values in ([value], [str(value)], [float(value)]):
        assert when(duck, rule, values)["occurred_us"].tolist() == [1_600_000_000_000_000]


def test_numbers_are_no_times_unless_the_map_says_so(duck: DuckDBEngine) -> None:
    with pytest.raises(WrongType, match="unit"):
        when(duck, {"column": "at"}, [1_600_000_000])
    found = when(duck, {"column": "at", "format": "%Y%m%d"}, [20240229, 20230229])
    assert found["occurred_us"].tolist()[0] == micros(datetime(2024, 2, 29, tzinfo=UTC))
    assert found["bad_time"].tolist() == [False, True]


def test_absurd_and_empty_numbers_are_told_apart(duck: DuckDBEngine) -> None:
    found = when(duck, {"column": "at", "unit": "seconds"}, [1e300, None, -1e300])["occurred_us"]
    assert found.isna().tolist() == [False, True, False]
    text = when(duck, {"column": "at", "unit": "seconds"}, ["1e9", "soon", "", "2011-01-01"])
    assert text["bad_time"].tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("dd/mm/yyyy", "no day"),
        ("%d/%m", "no day, month and year"),
        ("%d/%m/%Y %I", "belong together"),
        ("%d/%m/%Y %d", "twice"),
        ("%d/%m/%Y %Q", "unknown"),
        ("%s", "unknown"),
    ],
)
def test_a_format_that_cannot_be_meant_is_told(form: str, problem: str) -> None:
    assert problem in problem_of(form)
