"""Batch scoring: everybody once, chunk by chunk the same, and files with the contract's types and facts."""

import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tests.path.world import CUTOFF, World
from tiercast import scoring
from tiercast.errors import OutputError
from tiercast.explaining import explain
from tiercast.newest import StaleHistory
from tiercast.planning.asked import ask_source
from tiercast.planning.published import read_scorecard
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.serving.scorecard import COLUMNS, LATER
from tiercast.sources.opening import open_source
from tiercast.tiering import customers_at
from tiercast.tiers.history import file_of, night_before, nights

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


def test_a_version_from_before_a_column_answers_with_null_in_it(
    trained_world: World, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    history = open_source(trained_world.touchpoints(SOME))
    later = [answer.name for answer in LATER]
    now = scoring.score(history, cutoff=CUTOFF, store=store).cards
    answers = scoring._answers
    monkeypatch.setattr(
        scoring, "_answers", lambda *asked, **how: (answers(*asked, **how)[0].drop(columns=later), None)
    )
    report = scoring.score(history, cutoff=CUTOFF, store=store, out=tmp_path)
    pd.testing.assert_frame_equal(report.cards.drop(columns=later), now.drop(columns=later))
    assert report.cards[later].isna().all().all()
    assert report.place is not None
    assert list(read_scorecard(report.place)) == list(COLUMNS)
    report.cards.drop(columns=later).to_parquet(tmp_path / "older.parquet")
    assert read_scorecard(tmp_path / "older.parquet")[later].isna().all().all()


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


MANY = [f"c{number:04}" for number in range(0, 700, 4)]
NIGHTS = [CUTOFF - timedelta(days=days) for days in (95, 64, 33, 1)]


def test_each_night_goes_on_from_the_one_before_moves_some_and_holds_others(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    history = open_source(trained_world.touchpoints(MANY))
    told = [scoring.score(history, cutoff=day, store=store, out=tmp_path) for day in NIGHTS]
    assert [report.tiers_since for report in told] == [None, *NIGHTS[:-1]]
    assert set(told[0].cards["tier_basis"]) == {"stateless"}
    codes: set[str] = set()
    for before, report in pairwise(told):
        assert before.tiers is not None
        assert report.tiers is not None
        kept = before.tiers.set_index("customer_id")["tier"]
        known = report.cards["customer_id"].isin(kept.index)
        assert (
            report.cards.loc[known, "tier_before"] == kept[report.cards.loc[known, "customer_id"]].to_numpy()
        ).all()
        assert set(report.cards.loc[known, "tier_basis"]) <= {"held", "moved"}
        assert report.tiers["tier"].tolist() == report.cards["tier"].tolist()
        codes |= set(report.tiers["reason_code"])
    assert codes >= {"SAME", "HELD_BY_GRACE", "MOVED_DOWN"}
    facts = json.loads((told[-1].place.parent / "_facts.json").read_text("utf-8"))  # type: ignore[union-attr]
    assert facts["tiers_go_on_from"] == NIGHTS[-2].isoformat()

    again = scoring.score(history, cutoff=NIGHTS[2], store=store, out=tmp_path)
    pd.testing.assert_frame_equal(again.cards, told[2].cards)
    pd.testing.assert_frame_equal(again.tiers, told[2].tiers)  # type: ignore[arg-type]
    alone = scoring.score(history, cutoff=NIGHTS[2], store=store)
    assert set(alone.cards["tier_basis"]) == {"stateless"}


def test_a_night_that_fails_before_its_scorecard_is_there_promised_nothing_and_can_be_run_again(
    trained_world: World, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = open_source(trained_world.touchpoints(SOME))
    scoring.score(history, cutoff=NIGHTS[0], store=store, out=tmp_path)
    real = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if self.name == "scorecard.part":
            raise OSError("the machine is gone")
        return real(self, target)

    with monkeypatch.context() as patch, pytest.raises(OutputError):
        patch.setattr(Path, "replace", fails)
        scoring.score(history, cutoff=NIGHTS[1], store=store, out=tmp_path)
    assert list(tmp_path.glob(f"cutoff={NIGHTS[1]}/*/{file_of('pyramid')}"))
    assert [night.cutoff for night in nights(tmp_path)] == [NIGHTS[0]]
    assert scoring.score(history, cutoff=NIGHTS[2], store=store, out=tmp_path).tiers_since == NIGHTS[0]
    assert scoring.score(history, cutoff=NIGHTS[1], store=store, out=tmp_path).tiers_since == NIGHTS[0]
    assert scoring.score(history, cutoff=NIGHTS[2], store=store, out=tmp_path).tiers_since == NIGHTS[1]


def test_another_policy_has_a_history_of_its_own(trained_world: World, store: Store, tmp_path: Path) -> None:
    history = open_source(trained_world.touchpoints(SOME))
    scoring.score(history, cutoff=NIGHTS[0], store=store, out=tmp_path)
    other = scoring.score(history, cutoff=NIGHTS[1], store=store, out=tmp_path, policy="value_tiers")
    assert other.tiers_since is None
    back = scoring.score(history, cutoff=NIGHTS[2], store=store, out=tmp_path)
    assert back.tiers_since == NIGHTS[0]


def test_two_policies_scored_on_the_same_night_both_keep_their_memory(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    history = open_source(trained_world.touchpoints(MANY))

    def both(night: date) -> list[scoring.ScoreReport]:
        return [
            scoring.score(history, cutoff=night, store=store, out=tmp_path, policy=policy)
            for policy in ("pyramid", "value_tiers")
        ]

    both(NIGHTS[0])
    first = both(NIGHTS[1])
    assert [report.tiers_since for report in first] == [NIGHTS[0]] * 2
    for before, again in zip(first, both(NIGHTS[1]), strict=True):  # the same night twice says the same twice
        pd.testing.assert_frame_equal(again.cards, before.cards)
    assert [(night.cutoff, night.policy) for night in nights(tmp_path)] == [
        (night, policy) for night in NIGHTS[:2] for policy in ("pyramid", "value_tiers")
    ]
    version = first[0].version
    for policy in ("pyramid", "value_tiers"):
        found = night_before(tmp_path, cutoff=NIGHTS[2], policy=policy, version=version)
        assert found is not None
        assert (found.cutoff, found.policy) == (NIGHTS[1], policy)
        assert set(found.read()["policy"]) == {policy}


def test_a_request_that_brings_what_the_batch_remembers_gets_the_tier_of_the_batch(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    rows = trained_world.touchpoints(MANY)
    for day in NIGHTS[:3]:
        scoring.score(open_source(rows), cutoff=day, store=store, out=tmp_path)
    batch = scoring.score(open_source(rows), cutoff=NIGHTS[3], store=store, out=tmp_path).cards
    past = nights(tmp_path)[2].read().set_index("customer_id")
    asked = rows.assign(
        tier_before=rows["customer_id"].map(past["tier"]),
        tier_since_on=rows["customer_id"].map(past["since_on"]),
        tier_below_since_on=rows["customer_id"].map(past["below_since_on"]),
    )
    bundle = open_served(bundle_folder(store, "champion"))
    told = bundle.predict(asked, cutoff=NIGHTS[3]).set_index("customer_id")
    names = ["tier", "tier_basis", "tier_before", "tier_reason"]
    known = batch.set_index("customer_id")[names]
    pd.testing.assert_frame_equal(told.loc[known.index, names], known)
    assert {"held", "moved"} <= set(known["tier_basis"])


def test_days_without_any_data_are_not_scored_as_silence(
    trained_world: World, store: Store, tmp_path: Path
) -> None:
    rows = trained_world.touchpoints(SOME)
    history = open_source(rows[rows["occurred_at"] < pd.Timestamp(CUTOFF)])
    newest = rows.loc[rows["occurred_at"] < pd.Timestamp(CUTOFF), "occurred_at"].max().date()
    late = newest + timedelta(days=31)
    with pytest.raises(StaleHistory, match=f"is of {newest}, 31 days earlier") as refused:
        scoring.score(history, cutoff=late, store=store, out=tmp_path)
    assert (refused.value.code, refused.value.details["days"]) == ("STALE_HISTORY", 31)
    assert not list(tmp_path.iterdir())
    for door in (
        lambda day: customers_at(history, cutoff=day, store=store),
        lambda day: explain(history, SOME[0], cutoff=day, store=store),
        lambda day: ask_source(history, cutoff=day, store=store),
    ):
        with pytest.raises(StaleHistory):
            door(late)
    assert scoring.score(history, cutoff=late - timedelta(days=1), store=store).customers == len(SOME)
    allowed = scoring.score(history, cutoff=late, store=store, newest_within_days=31).cards
    served = open_served(bundle_folder(store, "champion"))
    request = served.predict(rows[rows["occurred_at"] < pd.Timestamp(CUTOFF)], cutoff=late)
    assert request["customer_id"].tolist() == allowed["customer_id"].tolist(), (
        "a request is of a few: they may be silent"
    )
    assert (request["churn_probability"] - allowed["churn_probability"]).abs().max() <= 1e-9
