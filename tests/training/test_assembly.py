"""Assembly: the bundle's text has every column that anything in the bundle reads, and its manifest says what it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.path.world import ENDS, World
from tiercast.actions.next_best import NEXT_BEST
from tiercast.engines.opening import open_engine
from tiercast.frozen import features_of
from tiercast.registry import Store, bundle_folder, bundle_hash, open_served
from tiercast.serving.rules import Column
from tiercast.serving.trees import Trees
from tiercast.sources.opening import open_source
from tiercast.tiers.declared import declared_policies
from tiercast.tiers.readable import SCORES
from tiercast.training.assembly import columns_read


@pytest.fixture(params=["1", "2"], ids=["rule", "model"])
def folder(request: pytest.FixtureRequest, trained_world: World) -> Path:
    return bundle_folder(Store(trained_world.uri, None), request.param)


def facts_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text("utf-8")))


def test_every_place_where_a_part_names_a_column_is_read() -> None:
    trees = Trees(("a", "b"), "text", "logit", "c")
    stored = {
        "x": [trees.to_json(), {"parts": [Column("d").to_json()]}],
        "y": {"column": "e"},
        "name": "not a column",
    }
    assert columns_read(stored) == {"a", "b", "c", "d", "e"}


def test_whatever_the_parts_and_policies_read_is_in_the_text(folder: Path) -> None:
    facts = facts_of(folder)
    parts = json.loads((folder / "parts.json").read_text("utf-8"))
    text = (folder / "features.sql").read_text("utf-8")
    families = set(facts["families"])
    asked = columns_read(parts["forecast"]) | {
        each["name"] for policy in parts["policies"].values() for each in policy["inputs"]
    }
    answers = {
        name for name in asked if name.startswith(("btyd_", "expected_", "churn_", "purchase_probability"))
    }
    assert asked - answers - {"bin"} <= families | set(SCORES)
    assert all(name in text for name in families)


def test_the_manifest_says_what_it_is_and_the_files_are_those_it_means(folder: Path) -> None:
    facts = facts_of(folder)
    assert facts["content_sha256"] == bundle_hash(folder)
    assert facts["fitted_as_of"] == ENDS.isoformat()
    assert facts["currency"] == "USD"
    assert facts["default_policy"] == "pyramid"
    assert set(facts["candidates"]) == {"churn", "repurchase", "lifetime_value", "orders"}


def test_the_rules_bundle_needs_no_model_and_reads_fewer_columns(trained_world: World) -> None:
    rule, model = (bundle_folder(Store(trained_world.uri, None), number) for number in ("1", "2"))
    stored = json.loads((rule / "parts.json").read_text("utf-8"))["forecast"]
    assert stored["btyd"] is None
    assert stored["activity"]["type"] == "rate_table"
    assert len(facts_of(rule)["families"]) < len(facts_of(model)["families"])
    assert (rule / "code").exists()


def test_every_shipped_policy_is_in_the_bundle_and_names_what_did_not_come(folder: Path) -> None:
    from tiercast.tiers.declared import declared_policies

    frozen = json.loads((folder / "parts.json").read_text("utf-8"))["policies"]
    assert set(frozen) == set(declared_policies())
    assert all(cut["population"] > 0 for cut in frozen["value_tiers"]["cuts"].values())
    assert "no value in USD" in " ".join(frozen["price_band"]["notes"])
    assert any("nobody reaches the cut leaders" in each for each in frozen["influence_intent"]["notes"])


def test_cuts_are_frozen_on_what_the_version_itself_says_of_the_same_customers(
    folder: Path, trained_world: World
) -> None:
    bundle = open_served(folder)
    with open_engine() as engine:
        rows = features_of(bundle, open_source(trained_world.touchpoints()), ENDS, engine).features
    frame = bundle.enriched(rows)
    for name, policy in declared_policies().items():
        frozen = policy.freeze(frame, currency="USD", absent_is_unknown=True)
        assert json.loads(json.dumps(frozen)) == bundle.policies[name]
    assert json.loads(json.dumps(NEXT_BEST.freeze(frame))) == bundle.actions
