"""What is asked from Python: segments that keep labels and prove themselves, stages, and refusals with a code."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.errors import NoChampion, SourceError, UnknownName
from tiercast.registry import Store, run_file
from tiercast.segments.earlier import KEPT_AS, champions_segments, from_panel, previous_segments
from tiercast.segments.journeys import BadLooks
from tiercast.serving.decision import PROBABILITIES
from tiercast.sources.synthetic import synthesize

DRAWN = synthesize(300, seed=3)


@pytest.fixture
def store(world: World) -> Store:
    return Store(world.uri, None)


def test_a_second_run_keeps_the_labels_of_the_first_and_tells_who_moved(world: World, store: Store) -> None:
    first = tiercast.segment(world.source, cutoff="2024-10-01", clusters=3)
    again = tiercast.segment(world.source, cutoff=CUTOFF, clusters=3, seed=99, previous=first.run_id)
    assert set(again.report.profile["segment"]) == set(first.report.profile["segment"])
    assert again.report.matched is not None
    assert again.report.matched.agreement > 0.8
    moves = again.report.migration
    assert moves["customers"].sum() >= again.report.profile["customers"].sum()
    assert again.report.lasting == again.report.lasting
    assert [each.name for each in again.report.worth] == ["segments", "recency, frequency and money"]
    kept = run_file(store, again.run_id, KEPT_AS)
    assert kept is not None
    assert json.loads(kept.read_text("utf-8"))["names_en"] == list(again.report.profile["segment"])
    for name in ("plots/sizes.png", "plots/profile.png", "plots/migration.png", "segments/indexes.csv"):
        assert run_file(store, again.run_id, name) is not None
    assert previous_segments(store, str(kept)).names_en == tuple(again.report.profile["segment"])


def test_the_champions_labels_are_those_that_a_new_training_keeps(world: World, store: Store) -> None:
    held = champions_segments(store)
    assert held is not None
    found = tiercast.segment(
        world.source, cutoff=CUTOFF, clusters=len(held.centres), seed=1, previous="champion"
    )
    assert set(found.report.profile["segment"]) == set(held.names_en)


def test_predictions_of_a_version_may_take_part(world: World) -> None:
    found = tiercast.segment(world.source, cutoff=CUTOFF, clusters=3, predictions="champion")
    assert "churn_probability_index" in found.report.profile
    assert found.report.worth == ()
    assert found.report.verdict.startswith("not judged")


def test_what_cannot_be_asked_is_refused_with_a_code(world: World, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="kmeans"):
        tiercast.segment(world.source, algorithm="kmean")
    with pytest.raises(SourceError, match="holds no segments"):
        tiercast.segment(world.source, previous="0" * 32)
    with pytest.raises(NoChampion):
        tiercast.segment(world.source, previous="nobody")
    (tmp_path / "no.json").write_text("[]", "utf-8")
    with pytest.raises(SourceError, match="is not what a run kept"):
        tiercast.segment(world.source, previous=str(tmp_path / "no.json"))
    for asked in ({"every_days": 0}, {"cutoffs": 0}, {"every_days": 400}):
        with pytest.raises(BadLooks) as refused:
            tiercast.stages(world.source, **asked)
        assert refused.value.code == "BAD_LOOKS"


def test_stages_of_a_drawn_world_count_everybody_and_nobody_who_graduated_is_lost() -> None:
    told = tiercast.stages(DRAWN.touchpoints, sides={"customers": DRAWN.customers}, cutoffs=8)
    assert told.counts["customers"].sum() == len(told.assigned)
    assert len(told.cutoffs) == 8
    assert len(told.lives.impossible) == 0
    stage = told.assigned.set_index("customer_id")["lifecycle_stage"]
    assert (stage == "graduated").sum() >= 3
    truth = DRAWN.truth.set_index("customer_id")
    ended = pd.to_datetime(truth["need_ends_on"]).dt.date.dropna()
    past = ended[ended <= told.cutoff].index.intersection(stage.index)
    bought = DRAWN.touchpoints[DRAWN.touchpoints["kind"] == "purchase"]
    last = pd.to_datetime(bought["occurred_at"]).dt.date.groupby(bought["customer_id"]).max()
    still = [each for each in past if each in last.index and last[each] <= ended[each]]
    assert len(still) >= 3
    assert set(stage.loc[still]) == {"graduated"}
    seen = told.assigned["decision_basis"] != "none"
    total = told.assigned.loc[seen, list(PROBABILITIES)].sum(axis=1)
    assert total.between(0.999, 1.001).all() or told.decided.part.basis == "rule"
    assert told.styles["customers"].sum() == len(told.assigned)


def test_stages_of_one_buyer_or_of_none_are_told() -> None:
    row = {"occurred_at": "2025-01-01", "channel": "web"}
    one = tiercast.stages(pd.DataFrame([{**row, "customer_id": "a", "kind": "purchase", "amount": 1.0},
                                        {**row, "customer_id": "b", "kind": "visit", "occurred_at": "2025-01-09"}]))  # fmt: skip
    assert one.counts.set_index("stage")["customers"][["new", "prospect"]].tolist() == [1, 0]
    assert one.decided.part.basis == "rule"
    none = tiercast.stages(pd.DataFrame([{**row, "customer_id": "b", "kind": "visit"}]), cutoff="2025-01-05")
    assert none.counts["customers"].tolist()[0] == 1
    assert none.assigned["decision_stage"].tolist() == ["need recognition"]


def test_what_a_bundle_says_of_customers_holds_decisions_and_parts_of_scores(world: World) -> None:
    bundle = tiercast.load()
    features = bundle.features(world.touchpoints(["c0001", "c0002", "never1"]), cutoff=CUTOFF)
    told = bundle.enriched(features)
    for name in ("engagement_recent", "decision_stage", "decision_style", "segment_between", *PROBABILITIES):
        assert name in told
    assert told["decision_basis"].isin(["model", "rule", "none"]).all()


def test_a_panel_gives_the_newest_origin_that_is_a_quarter_old() -> None:
    days = [date(2025, 1, 1), date(2025, 3, 1), date(2025, 5, 1)]
    rows = pd.DataFrame({"customer_id": list("abc"), "cutoff": days, "orders": 1.0})
    past = from_panel(rows, pd.Series([1.0, 2.0, 3.0]).to_numpy(), rows, cutoff=date(2025, 6, 1))
    assert past is not None
    assert past.features["customer_id"].tolist() == ["b"]
    assert past.value_currency is not None
    assert past.value_currency.tolist() == [2.0]
    assert from_panel(rows, pd.Series([1.0, 2.0, 3.0]).to_numpy(), rows, cutoff=date(2025, 2, 1)) is None
