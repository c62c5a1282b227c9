"""A card's own rules are checked before any data is read, and are what the version decides by."""

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from tests.path.world import ENDS, World
from tiercast import segments as segmenting
from tiercast.actions.next_best import BadActionTable
from tiercast.actions.rules_file import read_rules
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.serving.decision import DecisionStages
from tiercast.serving.forecast import Forecast
from tiercast.serving.rfmcl import fit_rfmcl
from tiercast.sources.opening import open_source
from tiercast.training import train
from tiercast.training.assembly import stage


def rules(folder: Path, action: str) -> Path:
    place = folder / "rules.toml"
    place.write_text(
        f'name = "mine"\n[[rules]]\nname = "all"\naction = "{action}"\nwhen = ["orders >= 1"]\non = "now"\n'
        'reason_en = "because"\nreason_zh = "因为"\n',
        encoding="utf-8",
    )
    return place


def test_rules_that_contradict_themselves_are_refused_before_a_source_is_opened(tmp_path: Path) -> None:
    card = TrainCard(job="train", source="parquet:nowhere.parquet", actions=str(rules(tmp_path, "dance")))
    with pytest.raises(BadActionTable, match="is not an action"):
        train(card, store=cast(Any, None))
    place = rules(tmp_path, "thank")
    place.write_text(place.read_text("utf-8").replace("orders >= 1", "nonsense_input >= 2"), "utf-8")
    with pytest.raises(BadActionTable, match="reads nonsense_input"):
        train(card, store=cast(Any, None))


def test_a_version_decides_by_the_rules_that_it_was_made_with(trained_world: World, tmp_path: Path) -> None:
    of_world = bundle_folder(Store(trained_world.uri, None), "1")
    forecast = Forecast.from_json(json.loads((of_world / "parts.json").read_text("utf-8"))["forecast"])
    history = open_source(trained_world.source)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, ENDS))
        features = features_at(engine, history, catalogue, [ENDS])
    table, _ = read_rules(rules(tmp_path, "thank"))
    assert table is not None
    made, _ = stage(
        forecast, history=history, catalogue=catalogue, features=features, data_ends_on=ENDS,
        segmented=segmenting.fit(features, clusters=3, seed=7), decided=DecisionStages(), rfmcl=fit_rfmcl(features),
        default_policy="pyramid", extensions=(), model_card="", facts={}, actions=table,
    )  # fmt: skip
    try:
        bundle = open_served(made)
        told = bundle.predict(trained_world.touchpoints(["c0001", "never1"]), cutoff=ENDS)
    finally:
        shutil.rmtree(made.parent)
    assert told["next_action"].tolist() == ["thank", "none"]
    assert bundle.habits is None
    assert open_served(of_world).habits is not None
