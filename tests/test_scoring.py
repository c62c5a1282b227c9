"""Batch scoring: everybody once, chunk by chunk the same, and files with the contract's types and facts."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.path.world import CUTOFF, World
from tiercast import scoring
from tiercast.registry import Store
from tiercast.serving.scorecard import COLUMNS
from tiercast.sources.opening import open_source

SOME = ["c0001", "c0002", "c0003", "c0004", "never1"]


@pytest.fixture
def store(trained_world: World) -> Store:
    return Store(trained_world.uri, None)


def test_chunks_change_nothing(trained_world: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    history = open_source(trained_world.touchpoints(SOME))
    whole = scoring.score(history, cutoff=CUTOFF, store=store).cards
    for size in (1, 2, 4):
        monkeypatch.setattr(scoring, "CHUNK_CUSTOMERS", size)
        pd.testing.assert_frame_equal(scoring.score(history, cutoff=CUTOFF, store=store).cards, whole)
    assert list(whole) == list(COLUMNS)


def test_threads_change_nothing(trained_world: World, store: Store) -> None:
    history = open_source(trained_world.source)
    one, two = (scoring.score(history, cutoff=CUTOFF, store=store, threads=count).cards for count in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_without_a_cutoff_the_last_day_of_the_data_ends_the_history(
    trained_world: World, store: Store
) -> None:
    rows = trained_world.touchpoints(SOME)
    report = scoring.score(open_source(rows), cutoff=None, store=store)
    assert report.cutoff == rows["occurred_at"].max().date()


def test_before_anybody_was_seen_there_is_an_empty_scorecard_with_every_column(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    report = scoring.score(
        open_source(trained_world.source), cutoff=date(2020, 1, 1), store=store, out=tmp_path
    )
    assert report.customers == 0
    assert report.place is not None
    assert list(pd.read_parquet(report.place)) == list(COLUMNS)


def test_the_file_says_in_its_path_what_it_is_and_its_facts_stand_beside_it(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    told: list[str] = []
    history = open_source(trained_world.touchpoints(SOME))
    report = scoring.score(history, cutoff=CUTOFF, store=store, out=tmp_path, progress=told.append)
    assert report.place == tmp_path / f"cutoff={CUTOFF}" / f"version={report.version}" / "scorecard.parquet"
    facts = json.loads((report.place.parent / "_facts.json").read_text("utf-8"))
    assert (facts["customers"], facts["version"], facts["cutoff"]) == (5, report.version, CUTOFF.isoformat())
    assert facts["account"]["rows_read"] == report.account.rows_read
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"cutoff={CUTOFF}"]
    assert told[-1] == "publishing"
    again = pd.read_parquet(report.place)
    assert again["customer_id"].tolist() == report.cards["customer_id"].tolist()
    assert set(again["version"]) == {report.version}


def test_the_rule_is_scored_under_a_version_of_its_own(trained_world: World, store: Store) -> None:
    history = open_source(trained_world.touchpoints(SOME))
    model = scoring.score(history, cutoff=CUTOFF, store=store)
    rule = scoring.score(history, cutoff=CUTOFF, store=store, model="1")
    assert model.version != rule.version
    assert set(rule.cards["basis_churn"]) == {"rule", "refused:NO_PURCHASE"}
