"""A user's own source, features, learner and policy come from a module that the card names; the package stays as it is."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World, quick_trees
from tests.tiers.test_files import CLUB
from tiercast import training
from tiercast.config import TrainCard, card_of
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import ExtensionError, UnknownName
from tiercast.registry import Store, bundle_folder, open_served, open_store
from tiercast.sources.opening import open_source
from tiercast.tiers.policy import BadPolicy
from tiercast.training.promotion import in_net_revenue

OURS = "tests.path.extension"


@pytest.fixture(scope="module")
def trained(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Any]:
    """Return a store of its own and the report of a training that uses everything a user brought."""
    root = tmp_path_factory.mktemp("company")
    (root / "club.toml").write_text(CLUB, "utf-8")
    card = card_of(
        trained_world.card(
            source=f"warehouse:{trained_world.root}",
            extensions=[OURS],
            policy="mondays",
            policies=[str(root / "club.toml")],
            margin_share=0.4,
            discount_yearly_share=0.1,
            test_origins=1,
            first_origin_after_days=150,
            step_days=42,
        )
    )
    assert isinstance(card, TrainCard)
    with pytest.MonkeyPatch.context() as patch, quick_trees(10):
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlflow.db'}")
        store = open_store(root)
        return store, training.train(card, store=store, threads=1)


@pytest.fixture
def ours(trained: tuple[Store, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained[0].uri)
    return trained[1]


def test_the_learner_is_a_candidate_and_the_source_was_read(ours: Any) -> None:
    assert ours.account.source.startswith("warehouse:")
    assert "grandfather" in ours.results.figures["churn"]
    assert 0 < ours.results.figures["churn"]["grandfather"]["mean"]["log_loss"] < 2


def test_the_policy_reads_a_feature_of_the_users_own_where_no_extension_is_installed(
    ours: Any, trained_world: World
) -> None:
    rows = trained_world.touchpoints()
    cards = tiercast.score(rows, cutoff=CUTOFF, model=str(ours.promotion.challenger.version)).cards
    assert set(cards["policy"]) == {"mondays"}
    bought = rows[(rows["kind"] == "purchase") & (rows["occurred_at"] < pd.Timestamp(CUTOFF))]
    bought = bought[bought["known_at"] < pd.Timestamp(CUTOFF)]
    mondays = bought[bought["occurred_at"].dt.day_of_week == 0].groupby("customer_id")["order_id"].nunique()
    expected = cards["customer_id"].map(mondays).fillna(0) >= 3
    assert ((cards["tier"] == "monday") == expected).all()
    assert 0 < expected.mean() < 1


def test_the_cards_margin_and_discount_are_what_every_value_counts_and_judging_stays_in_revenue(
    ours: Any, trained: tuple[Store, Any], trained_world: World
) -> None:
    folder = bundle_folder(trained[0], ours.promotion.challenger.version)
    bundle = open_served(folder)
    rows = trained_world.touchpoints([f"c{number:04}" for number in range(0, 700, 7)])
    cards = tiercast.score(rows, cutoff=CUTOFF, model=str(ours.promotion.challenger.version)).cards
    assert set(cards["value_measure"]) == {"net_margin_discounted"}
    with DuckDBEngine(threads=1) as engine:
        engine.attach(open_source(rows))
        features = engine.run(bundle.features_sql, cutoffs=[CUTOFF], tables=bundle.tables)
    revenue = in_net_revenue(bundle.forecast).predict(features.sort_values("customer_id", ignore_index=True))
    for days in (30, 365):
        name = f"expected_value_{days}d_currency"
        share = (cards[name] / revenue[name])[revenue[name] > 0]
        assert len(share) > 50
        assert (share < 0.4).all()
        assert (share > 0.4 * 1.1 ** (-days / 365)).all()
    judged = ours.results.answers["lifetime_value"]
    assert 0.7 < judged[ours.results.winners["lifetime_value"]].sum() / judged["actual"].sum() < 1.4
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "`net_margin_discounted`: 0.4 of each unit of net revenue" in card
    assert "10 % a year" in card


def test_a_policy_from_a_file_is_in_the_bundle_and_answers_without_the_file(
    ours: Any, trained_world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    some = trained_world.touchpoints([f"c{number:04}" for number in range(0, 700, 5)])
    report = tiercast.score(
        some, cutoff=CUTOFF, policy="kiosk_club", model=str(ours.promotion.challenger.version)
    )
    assert report.classes == ("gold", "silver", "guest", "other")
    assert set(report.cards["tier"]) <= set(report.classes)
    assert {"gold", "silver", "guest"} <= set(report.cards["tier"])
    assert set(report.cards["policy_version"]) == {"1"}


def test_a_mistake_in_a_policy_file_is_refused_before_the_models_are_fitted(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text(CLUB.replace("quota = 0.15", "quota = 0.99"), "utf-8")
    for asked in ({"policies": [str(tmp_path / "bad.toml")]}, {"policy": str(tmp_path / "bad.toml")}):
        with quick_trees(3), pytest.raises(BadPolicy, match="the class silver takes the quotas to 104%"):
            tiercast.train(world.card(**asked))


def test_the_features_are_in_the_list_and_in_the_table(trained_world: World) -> None:
    rows = trained_world.touchpoints(["c0001", "c0002"])
    seen = tiercast.compute_features(rows, cutoff=CUTOFF, extensions=[OURS])
    assert {"mondays", "warned_share"} <= set(seen.columns)
    assert "mondays" not in tiercast.compute_features(rows, cutoff=CUTOFF).columns


def test_a_learner_that_answers_with_a_column_of_its_own_is_served(ours: Any, trained_world: World) -> None:
    from tiercast.serving.rules import Column
    from tiercast.training.assembly import columns_read

    stored = Column("loyal_looking_probability").to_json()
    assert columns_read({"activity": {"type": "blend", "parts": [stored]}}) == {"loyal_looking_probability"}


def test_a_learner_whose_part_no_bundle_can_hold_is_refused_before_anything_is_registered(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with quick_trees(3), pytest.raises(ExtensionError, match=r"oracle.*no bundle can hold") as refused:
        card = world.card(
            extensions=["tests.path.foreign"], test_origins=1, first_origin_after_days=150, step_days=42
        )
        tiercast.train(card, root=tmp_path)
    assert refused.value.code == "BAD_EXTENSION"
    from tiercast.registry import list_versions

    assert list_versions(open_store(tmp_path)) == []


def test_a_policy_that_nobody_declared_is_refused_before_the_models_are_fitted(world: World) -> None:
    with quick_trees(3), pytest.raises(UnknownName, match="pyramids"):
        tiercast.train(world.card(policy="pyramids"))
