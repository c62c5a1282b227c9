"""Who runs the SQL is one word on the command line, and changes no cell of any answer."""

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import answer, run
from tests.path.world import World
from tests.world import touchpoints

SOME = "spend_currency, order_days, gap_mean_days, channels, returned_share, weekend_share"
"""What every feature gives on both engines is a test of the engines; this one is of the command."""
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture
def world_file(shop: Path) -> str:
    """The six customers as a CSV file, with two rows that no engine may accept."""
    bad = pd.DataFrame(
        [{"customer_id": None, "occurred_at": "2024-01-05"}, {"customer_id": "x", "occurred_at": "soon"}]
    )
    pd.concat([touchpoints(), bad.assign(kind="visit", channel="web")]).to_csv(
        shop / "world.csv", index=False
    )
    return "world.csv"


@pytest.mark.spark
def test_both_engines_write_the_same_features_to_the_bit(world_file: str, shop: Path) -> None:
    told = {
        engine: answer(
            "features",
            world_file,
            "-c",
            "2024-03-01",
            "-o",
            f"{engine}.parquet",
            "--engine",
            engine,
            "--only",
            SOME,
        )
        for engine in ("duckdb", "spark")
    }
    ours, theirs = (pd.read_parquet(shop / f"{engine}.parquet") for engine in told)
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    assert len(ours) == 6
    assert told["duckdb"]["features"] == told["spark"]["features"] == list(ours.columns[2:])
    assert ", ".join(ours.columns[2:]) == SOME


@pytest.mark.spark
def test_both_engines_account_for_the_same_rows(world_file: str, shop: Path) -> None:
    ours, theirs = (
        answer("check", world_file, "--engine", engine, "--rejected", f"{engine}.csv")
        for engine in ("duckdb", "spark")
    )
    assert ours | {"rejected_file": ""} == theirs | {"rejected_file": ""}
    assert ours["account"]["rejected"] == {"BAD_TIME": 1}
    left, right = (
        pd.read_csv(shop / f"{engine}.csv").sort_values("verdict") for engine in ("duckdb", "spark")
    )
    assert left.to_csv(index=False) == right.to_csv(index=False)


@pytest.mark.spark
def test_the_text_is_one_and_only_the_reading_differs(world_file: str) -> None:
    ours, theirs = (
        answer("features", world_file, "--sql", "--engine", engine) for engine in ("duckdb", "spark")
    )
    assert ours["sql"] == theirs["sql"]
    assert ours["features"] == theirs["features"]
    assert "TRY_CAST" in ours["read_stage"]
    assert "unix_micros" in theirs["read_stage"]
    assert "unix_micros" not in ours["read_stage"] + theirs["sql"]
    shown = run("features", world_file, "--sql", "--engine", "spark").stdout
    assert shown.index(theirs["read_stage"]) < shown.index(theirs["sql"])
    assert run("features", world_file, "--sql").stdout.strip() == ours["sql"].strip()


@pytest.mark.parametrize("command", [("check",), ("features", "-c", "2024-03-01", "-o", "x.csv")])
def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(
    shop: Path, command: tuple[str, ...]
) -> None:
    refused = answer(*command, "history.csv", "--engine", "sparc", exit_code=2)
    assert refused["message"] == "no engine is named 'sparc'; did you mean 'spark'? there is: duckdb, spark"


def test_without_pyspark_the_refusal_says_what_to_install(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyspark", "pyspark.sql"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    refused = answer("check", "history.csv", "--engine", "spark", exit_code=2)
    assert refused["error_code"] == "NO_SPARK"
    assert "pip install 'tiercast[spark]'" in refused["message"]


@pytest.mark.spark
@pytest.mark.slow
def test_both_engines_score_the_same_cards(world: World, tmp_path: Path) -> None:
    cards = {}
    for engine in ("duckdb", "spark"):
        options = ("--source", world.source, "--cutoff", "2024-12-30", "--out", str(tmp_path / engine))
        cards[engine] = pd.read_parquet(answer("score", *options, "--engine", engine)["out"])
    pd.testing.assert_frame_equal(cards["duckdb"], cards["spark"], check_exact=True)
    assert len(cards["spark"]) > 600
