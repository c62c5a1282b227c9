"""Spark runs the same text to the same bits, reads the same verdicts out of the same input, and refuses alike."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.features import beside_drawn
from tests.features.drawn import CUTOFFS, NOW_S, differing, many, told
from tests.serving.test_reading import FAULTS, GOOD
from tests.serving.test_reading import NOW_S as THEN_S
from tests.world import touchpoints
from tiercast.beside import account_of_sides, match_rates
from tiercast.engines import spark
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.engines.spark import NoSpark, SparkEngine
from tiercast.errors import SourceError
from tiercast.features.catalogue import look
from tiercast.features.contract import contract_sql
from tiercast.schema import History
from tiercast.serving.refusals import MissingColumns, WrongType
from tiercast.sources.opening import open_source
from tiercast.targets.labels import label_text
from tiercast.windows import Horizon

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
here = pytest.mark.spark
CONTRACT = contract_sql(currency="USD", minor_per_major=100)


@pytest.fixture(name="cluster")
def the_cluster(request: pytest.FixtureRequest) -> SparkEngine:
    """The Spark of all tests, under a name that is not also the module's."""
    return request.getfixturevalue("spark")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def same_rows(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Hold two answers to the same rows, in whatever order they came."""
    assert list(left) == list(right)
    one, other = (
        frame.astype(object)
        .where(frame.notna(), None)
        .sort_values(list(frame), key=lambda c: c.map(repr), ignore_index=True)
        for frame in (left, right)
    )
    assert one.to_dict("list") == other.to_dict("list")


@here
def test_every_feature_of_two_thousand_customers_is_equal_to_the_bit(
    cluster: SparkEngine, duck: DuckDBEngine
) -> None:
    frame = many(2_200, seed=4)
    asked = CUTOFFS[-1:]
    left, right = (told(engine, frame, zone="America/New_York", cutoffs=asked) for engine in (duck, cluster))
    assert left["customer_id"].nunique() > 2_000
    assert left["cutoff"].nunique() == len(asked)
    assert differing(left, right) == {}
    assert left.dtypes.equals(right.dtypes)


@here
def test_what_side_tables_feed_is_equal_to_the_bit(cluster: SparkEngine, duck: DuckDBEngine) -> None:
    frame = many(600, seed=6)
    hidden = np.arange(len(frame)) % 9 == 0
    frame["identity"] = frame["customer_id"].where(hidden)
    frame["identity_kind"] = np.where(hidden, np.where(np.arange(len(frame)) % 2, "Cookie", "cookie"), None)
    frame["customer_id"] = frame["customer_id"].where(~hidden)
    names = sorted(frame["identity"].dropna().unique())
    known = np.datetime64("2023-06-01", "us") + (np.arange(len(names)) % 400 * 86_400).astype(
        "timedelta64[s]"
    )
    identities = pd.DataFrame(
        {"identity_kind": "COOKIE", "identity": names, "customer_id": names, "known_at": known}
    )
    passed_on = identities.iloc[::5].assign(customer_id=names[0], valid_from=known[::5])
    given = beside_drawn.many(600, seed=7) | {
        "identities": pd.concat([identities, passed_on], ignore_index=True)
    }
    sides = beside_drawn.read(given)
    asked: dict[str, Any] = {"zone": "Asia/Kolkata", "cutoffs": (CUTOFFS[0], CUTOFFS[-1])}
    left, right = (beside_drawn.told(engine, frame, sides, **asked) for engine in (duck, cluster))
    assert left["cutoff"].nunique() == 2
    assert differing(left, right) == {}
    stocks = []
    for engine in (duck, cluster):
        history = beside_drawn.history_of(frame, sides)
        engine.attach(history)
        stocks.append(
            (
                look(engine.run, history, CUTOFFS[-1]),
                account_of_sides(engine, history),
                match_rates(engine, history),
            )
        )
    assert stocks[0] == stocks[1]
    assert {kind for match in stocks[0][2] for kind in match.resolved} == {"cookie"}


@here
@pytest.mark.parametrize("form", ["frame", "csv", "parquet"])
def test_every_row_has_the_same_verdict(
    cluster: SparkEngine, duck: DuckDBEngine, tmp_path: Path, form: str
) -> None:
    came = pd.DataFrame([GOOD | {"product_id": name} | changed for name, (changed, _) in FAULTS.items()])
    if form == "csv":
        came.to_csv(tmp_path / "it's.csv", index=False, sep=";")
    elif form == "parquet":
        came.to_parquet(tmp_path / "t.parquet")
    history = open_source(came) if form == "frame" else open_source(f"{form}:{tmp_path}")
    text = f"SELECT product_id, verdict, occurred_s, seen_day, amount_minor FROM ({CONTRACT}) AS contract"
    for engine in (duck, cluster):
        engine.attach(history)
    left, right = (engine.run(text, now_s=THEN_S) for engine in (duck, cluster))
    assert dict(zip(right["product_id"], right["verdict"], strict=True)) == {
        k: code for k, (_, code) in FAULTS.items()
    }
    same_rows(left, right)


@here
def test_labels_words_and_rejected_rows_are_the_same(cluster: SparkEngine, duck: DuckDBEngine) -> None:
    frame = many(60, seed=5)
    frame.loc[frame.index % 50 == 0, "amount"] = -1.0
    history = History("drawn", frame=frame)
    text = label_text(
        history, horizon=Horizon(28, gap_days=2), follow_days=60, data_ends_on=date(2024, 3, 15)
    )
    raw = contract_sql(currency="USD", minor_per_major=100, keep_raw=True)
    answers: list[tuple[Any, ...]] = []
    for engine in (duck, cluster):
        engine.attach(history)
        labels = engine.run(text, cutoffs=[date(2023, 12, 31), date(2024, 2, 1)], now_s=NOW_S)
        answers.append((labels, engine.rejected(raw), look(engine.run, history, date(2024, 3, 1))))
    (labels, rejected, seen), (labels_too, rejected_too, seen_too) = answers
    same_rows(labels, labels_too)
    assert set(rejected["verdict"]) == set(rejected_too["verdict"]) == {"NEGATIVE_NUMBER"}
    same_rows(
        rejected.drop(columns=["occurred_at", "known_at"]),
        rejected_too.drop(columns=["occurred_at", "known_at"]),
    )
    assert seen == seen_too


@here
def test_numbers_and_times_of_a_frame_are_read_alike(cluster: SparkEngine, duck: DuckDBEngine) -> None:
    came = pd.DataFrame([GOOD | {"product_id": str(place)} for place in range(4)]).assign(
        customer_id=[1.0, 2.0, None, float("inf")],
        occurred_at=pd.to_datetime(["2024-02-29T12:00:00.9999999+05:30"] * 4).astype(
            "datetime64[ns, UTC+05:30]"
        ),
        amount=[1.005, float("inf"), 1e300, None],
        order_id=pd.Series([1, 2**40, 3, 4], dtype="uint64"),
    )
    for engine in (duck, cluster):
        engine.attach(History("f", frame=came))
    same_rows(*(engine.run("SELECT * FROM touchpoints") for engine in (duck, cluster)))


@here
def test_csv_files_with_different_columns_are_read_by_name(cluster: SparkEngine, tmp_path: Path) -> None:
    pd.DataFrame([GOOD]).to_csv(tmp_path / "a.csv", index=False)
    pd.DataFrame([GOOD | {"amount": "7", "category": 'say "a;b"\nthen, c'}])[
        ["category", "channel", "amount", "kind", "occurred_at", "customer_id"]
    ].to_csv(tmp_path / "b.csv", index=False)
    cluster.attach(open_source(f"csv:{tmp_path}"))
    found = cluster.run("SELECT amount, category, kind FROM touchpoints ORDER BY amount")
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        [5.0, None, "purchase"], [7.0, 'say "a;b"\nthen, c', "purchase"]]  # fmt: skip


@here
def test_what_breaks_the_contract_is_refused_as_on_duckdb(cluster: SparkEngine, tmp_path: Path) -> None:
    with pytest.raises(MissingColumns, match="missing: kind"):
        cluster.attach(History("f", frame=pd.DataFrame([GOOD]).drop(columns="kind")))
    with pytest.raises(WrongType, match="occurred_at"):
        cluster.attach(History("f", frame=pd.DataFrame([GOOD]).assign(occurred_at=1_709_208_000)))
    (tmp_path / "x.parquet").write_bytes(b"secret@example.com " * 100)
    with pytest.raises(SourceError) as refused:
        cluster.attach(open_source(str(tmp_path / "x.parquet")))
    assert "secret" not in str(refused.value)
    cluster.attach(History("world", frame=touchpoints()))
    with pytest.raises(SourceError, match="nowhere"):
        cluster.run("SELECT nothing FROM nowhere")


@here
def test_the_session_of_others_is_left_as_it_was(cluster: SparkEngine) -> None:
    theirs = cluster._session.newSession()
    theirs.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    theirs.sql("SELECT 1 AS mine").createOrReplaceTempView("touchpoints")
    with SparkEngine(theirs) as ours:
        ours.attach(History("world", frame=touchpoints()))
        assert ours.run("SELECT MIN(occurred_us) AS first FROM touchpoints")["first"].tolist() == [
            1_677_945_600_000_000
        ]
    assert theirs.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    assert theirs.table("touchpoints").columns == ["mine"]


def test_without_pyspark_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(NoSpark, match="tiercast\\[spark\\]") as refused:
        SparkEngine()
    assert (refused.value.code, refused.value.exit_code) == ("NO_SPARK", 2)


@pytest.mark.parametrize("home", [None, "nowhere"])
def test_without_java_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, home: str | None, tmp_path: Path
) -> None:
    sql = pytest.importorskip("pyspark.sql")
    monkeypatch.setattr(sql.SparkSession, "getActiveSession", staticmethod(lambda: None))
    monkeypatch.setenv("PATH", str(tmp_path))
    _ = monkeypatch.setenv("JAVA_HOME", home) if home else monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(NoSpark, match="Java"):
        spark._session()


@here
def test_what_clocks_and_habits_count_is_the_same_on_both_engines(
    cluster: SparkEngine, duck: DuckDBEngine
) -> None:
    from tiercast.actions import rolled

    history = History("drawn", frame=many(120, seed=6), zone="America/New_York")
    wanted = [rolled.clock_days(key) for key in rolled.KEYS]
    wanted += [rolled.CHANNEL_DAYS, rolled.ORDER_TIMES, rolled.CATEGORY_LINES, rolled.CONSENT_WORDS]
    for relation in wanted:
        found = []
        for engine in (duck, cluster):
            engine.attach(history)
            frame = pd.concat(rolled.rolled(engine, history, relation, CUTOFFS[-1:]), ignore_index=True)
            numbers = [
                name
                for name in frame
                if name not in ("customer_id", "category", "term", "purpose", "channel")
            ]
            found.append(frame.astype(dict.fromkeys(numbers, "float64")))
        assert len(found[0]) > 0, relation.name
        same_rows(*found)
