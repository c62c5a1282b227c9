"""What goes wrong on the way in, through the public API: each its code, and never a stack trace of a library."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.errors import (
    CardError,
    ContractError,
    ExtensionError,
    NoChampion,
    NotTrainable,
    SourceError,
    StoreCorrupt,
    StoreUnreachable,
    TiercastError,
    UnknownCustomer,
    UnknownName,
)
from tiercast.serving.refusals import BadCutoff, MissingColumns, Refused, UnknownChoice, WrongType

GOOD = pd.DataFrame(
    {
        "customer_id": [f"c{number}" for number in range(10)],
        "occurred_at": "2024-12-01T10:00:00",
        "kind": "purchase",
        "channel": "web",
        "amount": 10.0,
    }
)


def score(rows: Any, **options: Any) -> Any:
    return tiercast.score(rows, cutoff=CUTOFF, **options)


@pytest.mark.parametrize(
    ("rows", "code", "count"),
    [
        (GOOD.assign(amount=["ten", *["1"] * 9]), "BAD_NUMBER", 1),
        (GOOD.assign(amount=[float("inf"), *[1.0] * 9]), "BAD_NUMBER", 1),
        (GOOD.assign(amount=[-1.0, *[1.0] * 9]), "NEGATIVE_NUMBER", 1),
        (GOOD.assign(amount=[1e9, *[1.0] * 9]), "ABSURD_AMOUNT", 1),
        (GOOD.assign(occurred_at=["yesterday", *["2024-12-01"] * 9]), "BAD_TIME", 1),
        (GOOD.assign(occurred_at=[None, *["2024-12-01"] * 9]), "NULL_TIME", 1),
        (GOOD.assign(occurred_at=["2091-01-01", *["2024-12-01"] * 9]), "FUTURE_TIME", 1),
        (GOOD.assign(occurred_at=["1904-01-01", *["2024-12-01"] * 9]), "TIME_OUT_OF_RANGE", 1),
        (GOOD.assign(kind=[None, *["purchase"] * 9]), "NULL_KIND", 1),
        (GOOD.assign(channel=[" ", *["web"] * 9]), "NULL_CHANNEL", 1),
        (GOOD.assign(event_id="e1").iloc[[0, 0, *range(1, 9)]].reset_index(drop=True), "DUPLICATE_EVENT", 1),
        (GOOD.assign(currency=["JPY", *["USD"] * 9]), "UNKNOWN_CURRENCY", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_row_is_kept_aside_with_its_code_and_the_others_go_on(
    world: World, rows: pd.DataFrame, code: str, count: int
) -> None:
    before = rows.copy(deep=True)
    report = tiercast.check(rows)
    assert report.account.rejected == {code: count}
    assert report.account.rows_read == report.account.rows_accepted + report.account.rows_rejected == 10
    assert report.rejected["verdict"].tolist() == [code] * count
    scored = score(rows)
    assert scored.customers == rows.loc[1:, "customer_id"].nunique()
    assert scored.account.rejected == {code: count}
    pd.testing.assert_frame_equal(rows, before)


def test_a_row_without_customer_is_unresolved_and_not_lost(world: World) -> None:
    report = tiercast.check(GOOD.assign(customer_id=[None, "", *GOOD["customer_id"][2:]]))
    assert (report.account.rows_unresolved, report.account.rows_accepted, report.account.rejected) == (
        2,
        8,
        {},
    )
    assert len(report.rejected) == 2


def test_exact_repeats_without_an_id_are_kept_and_told(world: World) -> None:
    report = tiercast.check(pd.concat([GOOD, GOOD.head(3)]))
    assert (report.account.rows_accepted, report.account.exact_repeats) == (13, 3)


def test_an_unknown_kind_is_kept_and_told(world: World) -> None:
    rows = GOOD.assign(kind=["telepathy", *["purchase"] * 9])
    assert tiercast.check(rows).account.unknown_kinds == ("telepathy",)
    assert score(rows).cards["basis_churn"].tolist().count("refused:NO_PURCHASE") == 1


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (GOOD.drop(columns="kind"), MissingColumns),
        (GOOD.assign(occurred_at=1_735_689_600_000), WrongType),
        (GOOD.assign(amount=[[1.0]] * 10), WrongType),
        (GOOD.assign(amount="ten"), ContractError),
        (GOOD.assign(customer_id=None), ContractError),
        (GOOD.iloc[:0], SourceError),
        (pd.DataFrame(), (SourceError, MissingColumns)),
    ],
    ids=["no kind", "epoch times", "lists", "text amounts", "no customers", "no rows", "nothing"],
)
def test_a_table_that_cannot_be_used_is_refused(world: World, rows: pd.DataFrame, error: Any) -> None:
    for ask in (lambda: score(rows), lambda: tiercast.compute_features(rows, cutoff=CUTOFF)):
        with pytest.raises(error) as refused:
            ask()
        assert isinstance(refused.value, Refused)
        assert refused.value.code != "REFUSED"


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PAR1 not really PAR1"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_is_none_is_refused(world: World, tmp_path: Path, form: str, content: bytes) -> None:
    (tmp_path / f"file.{form}").write_bytes(content)
    for ask in (score, tiercast.check):
        with pytest.raises((SourceError, MissingColumns, WrongType)):
            ask(f"{form}:{tmp_path / f'file.{form}'}")
    with pytest.raises(SourceError, match="no such file"):
        score(f"{form}:{tmp_path / 'none'}")


def test_a_csv_with_a_header_only_holds_no_rows(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer_id,occurred_at,kind,channel\n", "utf-8")
    with pytest.raises(SourceError, match="holds no rows"):
        score(f"csv:{tmp_path / 'a.csv'}")


def test_one_customer_only_is_scored_and_cannot_be_trained_on(world: World) -> None:
    rows = world.touchpoints(["c0001"])
    assert score(rows).customers == 1
    assert not tiercast.check(rows).rejected.size


@pytest.mark.parametrize("customers", [["c0001"], ["c0001", "c0002", "c0003"], ["never1", "never2"]], ids=len)
def test_too_few_to_learn_from_is_told_with_what_is_needed(
    world: World, tmp_path: Path, customers: list[str]
) -> None:
    world.touchpoints(customers).to_parquet(tmp_path / "few.parquet")
    with pytest.raises(NotTrainable) as refused:
        tiercast.train(world.card(source=f"parquet:{tmp_path / 'few.parquet'}", until=None))
    assert refused.value.code == "NOT_TRAINABLE"


def test_no_purchases_at_all_are_scored_as_prospects_and_cannot_be_trained_on(
    world: World, tmp_path: Path
) -> None:
    rows = world.touchpoints().query("kind != 'purchase'")
    cards = score(rows.head(500)).cards
    assert set(cards["basis_churn"]) == {"refused:NO_PURCHASE"}
    assert set(cards["lifecycle_stage"]) == {"prospect"}
    rows.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(NotTrainable, match="purchases"):
        tiercast.train(world.card(source=f"parquet:{tmp_path / 'rows.parquet'}"))
    assert "no purchases" in " ".join(tiercast.check(rows).notes)


@pytest.mark.parametrize("until", ["2025-06-01", "2024-03-01", "2023-01-01"])
def test_a_day_that_the_data_do_not_reach_or_that_is_too_early_cannot_be_trained_on(
    world: World, until: str
) -> None:
    with pytest.raises(NotTrainable):
        tiercast.train(world.card(until=until))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"horizon": 28}, "did you mean horizon_days"),
        ({"horizon_days": "a month"}, "horizon_days"),
        ({"horizon_days": -1}, "horizon_days"),
        ({"until": "2024-02-31"}, "until"),
        ({"until": "soon"}, "until"),
        ({"job": "trian"}, "train"),
        ({"job": "score"}, "not train"),
        ({"seed": {"a": 1}}, "flat"),
    ],
    ids=str,
)
def test_a_card_with_a_typo_is_refused_before_anything_is_read(
    world: World, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(CardError, match=words):
        tiercast.train({**world.card(source="parquet:nowhere"), **changes})


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda source: tiercast.train({"job": "train", "source": "carrier_pigeon:x"}), UnknownName),
        (
            lambda source: tiercast.train(
                {"job": "train", "source": source, "extensions": ["no_such_module"]}
            ),
            ExtensionError,
        ),
        (lambda source: tiercast.score(source, cutoff="tomorrow"), BadCutoff),
        (lambda source: tiercast.score(source, cutoff="9999-12-31"), BadCutoff),
        (lambda source: tiercast.score(source, cutoff=CUTOFF, policy="pyramids"), UnknownChoice),
        (lambda source: tiercast.score(source, cutoff=CUTOFF, language="tlh"), UnknownChoice),
        (lambda source: tiercast.score(source, cutoff=CUTOFF, model="chmpion"), NoChampion),
        (lambda source: tiercast.score(source, cutoff=CUTOFF, model="99"), NoChampion),
        (lambda source: tiercast.load("models:/other@champion"), NoChampion),
        (lambda source: tiercast.explain(source, "nobody", cutoff=CUTOFF), UnknownCustomer),
        (lambda source: tiercast.explain(source, "c0001", cutoff="2020-01-01"), UnknownCustomer),
        (lambda source: tiercast.panel(source, cutoffs=["2024-12-20"]), NotTrainable),
        (lambda source: tiercast.panel(source, cutoffs=[]), NotTrainable),
        (lambda source: tiercast.load().predict(GOOD, cutoff=""), BadCutoff),
        (lambda source: tiercast.load().predict_features(GOOD.assign(cutoff=CUTOFF)), MissingColumns),
    ],
)
def test_a_wrong_choice_is_refused_with_one_of_our_own_errors(
    world: World, ask: Callable[[str], Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        ask(world.source)
    assert isinstance(refused.value, Refused), "whoever catches Refused catches what the bundle refuses too"


def test_a_source_in_another_currency_than_the_models_is_refused(world: World) -> None:
    from tiercast.sources.opening import open_source

    euros = open_source(world.source, currency="EUR")
    with pytest.raises(SourceError, match="EUR"):
        score(euros)
    with pytest.raises(SourceError, match="EUR"):
        tiercast.explain(euros, "c0001", cutoff=CUTOFF)


def everything(world: World) -> list[Callable[[], Any]]:
    return [
        lambda: tiercast.load(),
        lambda: score(world.source),
        lambda: tiercast.train(world.card()),
        lambda: tiercast.segment(world.source, clusters=3),
        lambda: tiercast.explain(world.source, "c0001", cutoff=CUTOFF),
    ]


def test_an_unreachable_store_is_told_within_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    for ask in everything(world):
        with pytest.raises(StoreUnreachable):
            ask()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\x07" * 4000])
def test_a_store_that_is_no_database_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    for ask in everything(world):
        with pytest.raises((StoreCorrupt, StoreUnreachable)):
            ask()


@pytest.fixture
def copied(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the store that may be damaged."""
    from tiercast.registry import relocate

    shutil.copytree(world.root / "mlruns", tmp_path / "mlruns")
    relocate(tmp_path / "mlruns")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    assert tiercast.load().version
    return tmp_path / "mlruns"


def bundles(store: Path) -> list[Path]:
    return [path.parent for path in store.rglob("parts.json")]


@pytest.mark.parametrize(
    "file", ["parts.json", "features.sql", "contract.sql", "manifest.json", "code/*/forecast.py"]
)
def test_a_registered_bundle_that_was_changed_or_cut_short_is_never_used(
    copied: Path, world: World, file: str
) -> None:
    for bundle in bundles(copied):
        (place,) = bundle.glob(file)
        place.write_bytes(place.read_bytes()[:-5])
    for ask in (lambda: tiercast.load(), lambda: score(world.source)):
        with pytest.raises(StoreCorrupt) as refused:
            ask()
        assert refused.value.code == "STORE_CORRUPT"


def test_a_bundle_whose_files_are_gone_is_told(copied: Path) -> None:
    for bundle in bundles(copied):
        shutil.rmtree(bundle)
    with pytest.raises(StoreCorrupt):
        tiercast.load()


def test_a_registry_that_lost_its_tables_is_told(copied: Path, world: World) -> None:
    with sqlite3.connect(copied / "mlflow.db") as database:
        database.execute("DROP TABLE model_versions")
    database.close()
    for ask in (lambda: tiercast.load(), lambda: score(world.source)):
        with pytest.raises(TiercastError) as refused:
            ask()
        assert isinstance(refused.value, StoreCorrupt | StoreUnreachable)


def test_an_empty_store_has_no_champion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(NoChampion, match="tiercast train"):
        tiercast.load()
