"""A scheme, a path or a frame becomes a readable history; what cannot be read is refused with a code."""

from pathlib import Path

import pandas as pd
import pytest

from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError, UnknownName
from tiercast.features.contract import contract_sql
from tiercast.mapping.reading import map_of
from tiercast.schema import History
from tiercast.sources.opening import open_source


def rows_of(history: History) -> int:
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        return int(engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"][0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the world in both forms, in two files each, one of them deeper."""
    world = touchpoints()
    for form in ("csv", "parquet"):
        (tmp_path / form / "deeper").mkdir(parents=True)
        for part, place in ((world[:20], form), (world[20:], f"{form}/deeper")):
            path = tmp_path / place / f"a b's.{form}"
            _ = part.to_csv(path, index=False) if form == "csv" else part.to_parquet(path)
    return tmp_path


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_folder_a_pattern_and_a_file_are_read(folder: Path, form: str) -> None:
    assert rows_of(open_source(f"{form}:{folder / form}")) == 33
    assert rows_of(open_source(f"{form}:{folder / form}/*.{form}")) == 20
    assert rows_of(open_source(str(folder / form / f"a b's.{form}"))) == 20


def test_files_with_different_columns_are_read_by_name(folder: Path) -> None:
    pd.DataFrame(
        {"kind": ["visit"], "channel": ["web"], "occurred_at": ["2024-01-01"], "customer_id": ["new"]}
    ).to_csv(folder / "csv" / "narrow.csv", index=False)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(open_source(f"csv:{folder / 'csv'}"))
        found = engine.run("SELECT customer_id, amount FROM touchpoints WHERE customer_id = 'new'")
    assert found["customer_id"].tolist() == ["new"]
    assert found["amount"].isna().all()


def test_a_frame_in_memory_is_a_source() -> None:
    assert rows_of(open_source(touchpoints())) == 33


def test_zone_and_currency_can_be_told() -> None:
    told = open_source(touchpoints(), currency="eur", zone="Asia/Shanghai")
    assert (told.currency, told.zone) == ("EUR", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("currency", "minor"), [("usd", 100), ("JPY", 1), ("vnd", 1), ("XOF", 1), ("KWD", 1000)]
)
def test_minor_units_are_those_of_the_currency_unless_a_map_says_others(currency: str, minor: int) -> None:
    assert open_source(touchpoints(), currency=currency).minor_per_major == minor
    assert open_source(touchpoints(), map=map_of({"currency": currency})).minor_per_major == minor
    opened = open_source(touchpoints(), map=map_of({"currency": currency, "minor_per_major": 10}))
    assert opened.minor_per_major == 10
    assert open_source(opened).minor_per_major == 10
    assert open_source(opened, currency="EUR").minor_per_major == 10
    assert (
        open_source(
            History("said", frame=touchpoints(), currency=currency, minor_per_major=10)
        ).minor_per_major
        == 10
    )


@pytest.mark.parametrize(
    ("told", "most"),
    [({"currency": "VND"}, 1e9), ({"currency": "IDR"}, 1e7), ({"currency": "IDR", "minor_per_major": 1}, 1e9),
     ({"currency": "KWD"}, 1e6), ({"currency": "EUR"}, 1e7)],
)  # fmt: skip
def test_a_line_may_amount_to_a_billion_minor_units(told: dict[str, object], most: float) -> None:
    rows = (
        touchpoints().head(2).assign(amount=[most, most + 1], kind="purchase", customer_id="a", known_at=None)
    )
    history = open_source(rows, map=map_of({**told, "columns": {}}))
    contract = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        found = engine.run(
            f"WITH contract AS ({contract}) SELECT verdict, amount_minor FROM contract ORDER BY verdict"
        )
    assert found["verdict"].tolist() == ["ABSURD_AMOUNT", "ACCEPTED"]
    assert found["amount_minor"].dropna().tolist() == [10**9]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "UTC'; --"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(SourceError, match="zone") as refused:
        open_source(touchpoints(), zone=zone)
    assert refused.value.code == "UNREADABLE_SOURCE"


@pytest.mark.parametrize("currency", ["euro", "E'; --", "12€"])
def test_a_currency_that_is_no_code_is_refused(currency: str) -> None:
    with pytest.raises(SourceError, match="currency"):
        open_source(touchpoints(), currency=currency)


@pytest.mark.parametrize("source", ["csv:nowhere.csv", "parquet:no/*.parquet", "nowhere.parquet"])
def test_a_file_that_is_not_there_is_refused(source: str) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(source)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_empty_file_is_refused(tmp_path: Path, form: str) -> None:
    (tmp_path / f"x.{form}").touch()
    with pytest.raises(SourceError, match="empty"):
        open_source(str(tmp_path / f"x.{form}"))


def test_an_empty_file_among_others_is_passed_over(folder: Path) -> None:
    (folder / "csv" / "0.csv").touch()
    assert rows_of(open_source(f"csv:{folder / 'csv'}")) == 33


def test_a_file_of_another_form_is_refused_and_not_echoed(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"secret@example.com " * 100)
    with pytest.raises(SourceError) as refused:
        rows_of(open_source(str(tmp_path / "x.parquet")))
    assert "secret" not in str(refused.value)


def test_a_csv_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("customer_id,occurred_at,kind,channel,Stück\n".encode("latin-1"))
    with pytest.raises(SourceError, match="UTF-8"):
        rows_of(open_source(str(tmp_path / "x.csv")))


def test_files_that_separate_columns_differently_are_refused(folder: Path) -> None:
    touchpoints().to_csv(folder / "csv" / "z.csv", index=False, sep=";")
    with pytest.raises(SourceError, match="separate columns differently"):
        rows_of(open_source(f"csv:{folder / 'csv'}"))


def test_a_csv_keeps_separators_quotes_and_line_breaks_that_are_quoted(tmp_path: Path) -> None:
    hostile = ["a;b", "a,b", 'say "hi"', "two\nlines", "it's", "back\\slash", "🍎", "x" * 10_000]
    world = touchpoints().head(len(hostile)).assign(category=hostile)
    for mark in (",", ";", "\t", "|"):
        world.to_csv(tmp_path / "x.csv", index=False, sep=mark)
        with DuckDBEngine(threads=1) as engine:
            engine.attach(open_source(str(tmp_path / "x.csv")))
            found = engine.run("SELECT category FROM touchpoints")["category"].tolist()
        assert sorted(found) == sorted(hostile)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    touchpoints().to_csv(tmp_path / "x.csv", index=False, encoding="utf-8-sig")
    assert rows_of(open_source(str(tmp_path / "x.csv"))) == 33


def test_an_unknown_scheme_lists_what_there_is() -> None:
    with pytest.raises(UnknownName, match="complete_journey, csv, duckdb, "):
        open_source("ftp:x")


def test_some_households_of_the_complete_journey() -> None:
    history = open_source("complete_journey:every=100")
    assert history.frame is not None
    assert history.zone == "America/New_York"
    assert set(history.frame["kind"]) == {"purchase", "mailing", "coupon_redemption"}
    assert history.frame["customer_id"].astype(int).mod(100).eq(0).all()


@pytest.mark.parametrize("where", ["every=0", "every=x", "all"])
def test_a_part_of_the_complete_journey_that_cannot_be_meant_is_refused(where: str) -> None:
    with pytest.raises(SourceError, match="every=N"):
        open_source(f"complete_journey:{where}")
