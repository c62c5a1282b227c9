"""Files as they come: folders that are columns, encodings, marks, packed files; both engines read the same of them."""

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.world import touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.mapping.spoken import with_map
from tiercast.sources.opening import open_source

spark_too = pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
ROWS = pd.DataFrame({"customer_id": ["a", "b"], "occurred_at": ["2024-01-01", "2024-01-02"], "kind": "visit"})
TEXT = (
    "customer_id;occurred_at;kind;channel;amount;Straße\n"
    "ü;2024-01-01;purchase;web;1.234,50;'x;y'\n"
    'b;2024-01-02;purchase;web;12,5;"q\n'
    "c;2024-01-03;purchase;web;;''''\n"
)


def seen(name: str, source: str, columns: str = "*", relation: str = "original") -> Any:
    """Return what an engine reads of a source: sorted rows."""
    from tiercast.engines.opening import open_engine

    history = open_source(source)
    with open_engine(name, threads=1) as engine:
        engine.look_at(history) if relation == "original" else engine.attach(history)
        found = engine.run(f"SELECT {columns} FROM {relation}").astype(object)
    return found.where(found.notna(), None).sort_values(list(found), ignore_index=True)


def put(path: Path, rows: pd.DataFrame = ROWS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(path, index=False)


@spark_too
def test_folders_that_are_named_for_a_column_become_one_and_stay_text(name: str, tmp_path: Path) -> None:
    channels = ["web", "007", "New York", "2024-01-01", "__HIVE_DEFAULT_PARTITION__"]
    for channel in channels:
        put(tmp_path / "sales" / f"channel={channel}" / "day=01" / "x.parquet")
    for place in ("sales", "sales/channel=*/*/x.parquet", "sales/*/*"):
        found = seen(name, f"parquet:{tmp_path / place}", "channel, day")
        assert set(found["channel"]) == {*channels[:-1], None}
        assert set(found["day"]) == {"01"}
    assert (
        seen(name, f"parquet:{tmp_path}/sales/channel=007/day=01/x.parquet")["channel"].tolist()
        == ["007"] * 2
    )
    assert len(seen(name, f"parquet:{tmp_path / 'sales'}", "customer_id", "touchpoints")) == 10


def test_files_in_folders_of_different_columns_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "channel=web" / "x.parquet")
    put(tmp_path / "y.parquet")
    with pytest.raises(SourceError, match="different columns: channel, none"):
        seen("duckdb", f"parquet:{tmp_path}")


@spark_too
def test_a_file_whose_name_holds_an_equals_sign_is_no_folder(name: str, tmp_path: Path) -> None:
    put(tmp_path / "channel=web.parquet", ROWS.assign(channel="store"))
    assert set(seen(name, f"parquet:{tmp_path}")["channel"]) == {"store"}


@spark_too
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "utf-8-sig", "cp1252", "utf-16-le"])
def test_text_in_any_encoding_is_read_to_the_same_rows(name: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(TEXT.encode(encoding))
    source = f"csv:{tmp_path / 'x.csv'}?delimiter=;&quote='&encoding={encoding}&decimal=,&thousands=."
    assert seen(name, source)["Straße"].tolist() == ['"q', "'", "x;y"]
    assert seen(name, source, "customer_id, amount", "touchpoints").to_numpy().tolist() == [
        ["b", 12.5],
        ["c", None],
        ["ü", 1234.5],
    ]


@spark_too
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_packed_files_are_unpacked(name: str, encoding: str, tmp_path: Path) -> None:
    text = "客户编号,时间,金额\n张三,2024-01-01,12.5\n"
    for part in ("a.csv.gz", "deeper/b.csv.gz"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_bytes(gzip.compress(text.encode(encoding)))
    found = seen(name, f"csv:{tmp_path}?encoding={encoding}")
    assert found.to_numpy().tolist() == [["张三", "2024-01-01", "12.5"]] * 2


def test_a_long_file_in_another_encoding_is_read_whole(tmp_path: Path) -> None:
    rows = "\n".join(f"客户{number},2024-01-01,visit,web" for number in range(120_000))
    (tmp_path / "x.csv").write_text(f"customer_id,occurred_at,kind,channel\n{rows}\n", encoding="gb18030")
    source = f"csv:{tmp_path / 'x.csv'}?encoding=gb18030"
    assert seen("duckdb", source, "COUNT(DISTINCT customer_id) AS n", "touchpoints")["n"].tolist() == [
        120_000
    ]


@spark_too
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"customer_id,occurred_at,kind,channel\n\xff,2024-01-01,visit,web\n", "UTF-8"),
        (
            b"customer_id,occurred_at,kind,channel,channel\na,2024-01-01,visit,web,app\n",
            "'channel' comes twice",
        ),
        (
            b"customer_id,occurred_at,kind,channel\na,2024-01-01,visit,web\nb,2024-01-01,visit\n",
            "cannot read",
        ),
        (
            b"customer_id,occurred_at,kind,channel\na,2024-01-01,visit,web\nb,2024-01-01,visit,web,9\n",
            "cannot read",
        ),
    ],
)
def test_a_broken_file_is_refused_and_never_read_in_part(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(SourceError, match=said) as refused:
        seen(name, f"csv:{tmp_path / 'x.csv'}", "customer_id", "touchpoints")
    assert "2024-01-01" not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"customer_id,x\n", gzip.compress(b"customer_id,x\n" * 9_000)[:-30], b"\x1f\x8b"]
)
def test_a_packed_file_that_is_none_or_not_whole_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(content)
    with pytest.raises(SourceError):
        seen("duckdb", f"csv:{tmp_path / 'x.csv.gz'}")


def test_a_packed_file_of_nothing_is_empty(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(SourceError, match="empty"):
        seen("duckdb", str(tmp_path / "x.csv.gz"))


@spark_too
def test_columns_without_a_name_and_twice_the_same_do_not_hinder(name: str, tmp_path: Path) -> None:
    text = "customer_id,occurred_at,kind,channel,x,x,,\na,2024-01-01,visit,web,1,2,3,4\n"
    (tmp_path / "x.csv").write_text(text)
    found = seen(name, f"csv:{tmp_path / 'x.csv'}")
    assert list(found)[4:] == ["x", "x (column 6)", "(column 7)", "(column 8)"]
    assert found.iloc[0, 4:].tolist() == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("delimter=;", r"did you mean delimiter\?"),
        ("encoding=klingon", "klingon"),
        ("decimal=x", "decimal"),
        ("decimal=,&thousands=,", "must differ"),
        ("delimiter=ab", "one mark"),
        ("delimiter=;&quote=;", "must differ"),
        ("currency=euro", "ISO 4217"),
        ("zone=Mars", "IANA"),
        ("duplicates=perhaps", "keep nor drop"),
        ("peaks=easter,boxing_day", "peaks are some of .*; 'boxing_day' came"),
        ("peaks=", "came"),
        ("episode_gap_days=183", "from 1 to 182; 183 came"),
        ("episode_gap_days=a month", "from 1 to 182; a month came"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_before_anything_is_read(
    options: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("customer_id\n")
    with pytest.raises(SourceError, match=said):
        open_source(f"csv:{tmp_path / 'x.csv'}?{options}")


def test_parquet_files_say_all_of_it_themselves(tmp_path: Path) -> None:
    put(tmp_path / "x.parquet")
    with pytest.raises(
        SourceError, match="unknown option 'delimiter'; there is: map, currency, zone, duplicates"
    ):
        open_source(f"parquet:{tmp_path / 'x.parquet'}?delimiter=;")


def test_a_question_mark_in_a_pattern_is_no_option(tmp_path: Path) -> None:
    for number in (1, 2, 33):
        put(tmp_path / f"part-{number}.parquet")
    assert len(open_source(f"parquet:{tmp_path}/part-?.parquet").files) == 2
    assert open_source(f"parquet:{tmp_path}/part-?.parquet?currency=EUR").currency == "EUR"


def test_currency_zone_and_map_follow_any_source_and_the_argument_wins(tmp_path: Path) -> None:
    touchpoints().to_csv(tmp_path / "x.csv", index=False)
    (tmp_path / "a & b.toml").write_text(
        'currency = "GBP"\nzone = "Europe/London"\nminor_per_major = 1000\npeaks = ["easter"]\nepisode_gap_days = 45\n'
    )
    source = with_map(f"csv:{tmp_path / 'x.csv'}?delimiter=,", tmp_path / "a & b.toml")
    told = open_source(source)
    assert (told.currency, told.zone, told.minor_per_major) == ("GBP", "Europe/London", 1000)
    assert (told.peaks, told.episode_gap_days) == (("easter",), 45)
    assert open_source(f"{source}&episode_gap_days=60&peaks=christmas,easter").episode_gap_days == 60
    assert open_source(f"{source}&peaks=christmas,easter").peaks == ("easter", "christmas")
    assert told.name == source
    assert open_source(f"{source}&currency=CHF").currency == "CHF"
    assert open_source(f"{source}&currency=CHF", currency="sek").currency == "SEK"
    once = open_source(f"{source}&episode_gap_days=60", currency="sek", zone="UTC")
    again = open_source(once)
    assert (again.currency, again.zone, again.peaks, again.episode_gap_days) == (
        "SEK",
        "UTC",
        ("easter",),
        60,
    )


def test_a_map_may_say_how_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("Kunde|Datum|Betrag\nMüller|31.1.2024|1'250,50\n".encode("latin-1"))
    (tmp_path / "m.toml").write_text(
        """
        decimal = ","
        thousands = "'"
        [csv]
        encoding = "latin-1"
        [columns]
        customer_id = "Kunde"
        occurred_at = {column = "Datum", format = "%d.%m.%Y"}
        kind = {value = "purchase"}
        channel = {value = "store"}
        amount = "Betrag"
        """
    )
    found = seen("duckdb", f"{tmp_path}/x.csv?map={tmp_path}/m.toml", "customer_id, amount", "touchpoints")
    assert found.to_numpy().tolist() == [["Müller", 1250.5]]


def test_a_duckdb_file_without_a_table_lists_those_it_has(tmp_path: Path) -> None:
    import duckdb

    world = touchpoints()
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("world", world)
        connection.execute(
            "CREATE TABLE orders AS FROM world; CREATE SCHEMA s; CREATE TABLE s.visits AS FROM world"
        )
    for source in (f"duckdb:{file}", f"duckdb:{file}#"):
        with pytest.raises(SourceError, match=r"write duckdb:FILE#TABLE; there is: orders, s\.visits"):
            open_source(source)
    for source in (f"duckdb:{file}#s.visits", f"{file}#orders", f"duckdb:{file}#orders?currency=EUR"):
        with DuckDBEngine(threads=1) as engine:
            engine.attach(open_source(source))
            assert engine.run("SELECT COUNT(*) AS n FROM touchpoints")["n"].tolist() == [33]
    with pytest.raises(SourceError, match="no such file"):
        open_source(f"duckdb:{tmp_path}/nowhere.duckdb#t")
    assert not (tmp_path / "nowhere.duckdb").exists()
    with pytest.raises(SourceError, match="no DuckDB file"):
        open_source("duckdb:pyproject.toml#t")


def test_a_source_without_a_place_is_not_the_folder_that_one_happens_to_be_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ROWS.assign(channel="web").to_csv("any.csv", index=False)
    for source in ("csv:", "csv:?delimiter=;", "parquet:"):
        with pytest.raises(SourceError, match="no place is named"):
            open_source(source)
    assert open_source("csv:.").files == ("any.csv",)
