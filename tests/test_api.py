"""The public API: every promised name, frames in and frames out, and the names survive what is imported beside them."""

import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.config import ScoreCard, TrainCard
from tiercast.errors import CardError, UnknownName

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
]
SOME = ["c0001", "c0002", "c0003"]


def test_every_promised_name_is_a_function_whatever_was_imported_before() -> None:
    program = """
import importlib, pkgutil, tiercast
for module in ("api", "features.catalogue", "auditing"):
    importlib.import_module(f"tiercast.{module}")
kinds = {name: type(getattr(tiercast, name)).__name__ for name in tiercast.__all__}
print([name for name, kind in kinds.items() if kind != "function"])
"""
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
    assert {"check", "panel", "train", "audit", "score", "explain", "load"} <= set(tiercast.__all__)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(AttributeError, match="compute_features"):
        tiercast.predict  # noqa: B018


def test_check_says_what_a_source_holds_and_from_when_it_can_be_learned_from(trained_world: World) -> None:
    report = tiercast.check(trained_world.source)
    assert report.account.rows_accepted == len(trained_world.touchpoints())
    assert report.account.buyers == 700
    assert report.trainable_now
    assert report.trainable_from is not None
    young = trained_world.touchpoints()
    young = young[young["occurred_at"] < pd.Timestamp("2024-05-01")]
    told = tiercast.check(young)
    assert not told.trainable_now
    assert "more days" in " ".join(told.notes)
    assert any(note.startswith("can be scored at cutoffs until 2024-05-30:") for note in told.notes)
    assert report.horizon is not None
    assert (report.horizon.days, report.horizon.basis) == (35, "data")
    assert f"why 35 days: {report.horizon.reason}" in report.notes
    assert tiercast.check(young, horizon_days=28).trainable_from == date(2024, 7, 15)
    with pytest.raises(CardError, match="card of the check: horizon_days"):
        tiercast.check(young, horizon_days=-1)


def test_features_are_one_row_a_customer_and_the_text_that_made_them_can_be_read(
    trained_world: World,
) -> None:
    rows = trained_world.touchpoints(SOME)
    seen = tiercast.compute_features(rows, cutoff=CUTOFF)
    assert seen["customer_id"].tolist() == SOME
    assert list(seen)[:2] == ["customer_id", "cutoff"]
    assert all(seen[name].dtype == np.float64 for name in list(seen)[2:])
    assert len(seen.columns) > 62
    some = tiercast.compute_features(rows, cutoff=CUTOFF, features=["weekend_share", "orders", "orders"])
    pd.testing.assert_frame_equal(some, seen[["customer_id", "cutoff", "weekend_share", "orders"]])
    with pytest.raises(UnknownName, match=r"no feature is named 'ordres'; did you mean 'orders'\?.* more$"):
        tiercast.compute_features(rows, cutoff=CUTOFF, features=["ordres"])
    from tiercast import api

    assert "contract AS (" in api.features_sql(rows, cutoff=CUTOFF)


def test_a_panel_is_for_a_model_of_ones_own(trained_world: World) -> None:
    made = tiercast.panel(trained_world.source, cutoffs=["2024-10-07", date(2024, 9, 9)])
    assert sorted(set(made.features["cutoff"])) == [date(2024, 9, 9), date(2024, 10, 7)]
    assert len(made.features) == len(made.labels)
    assert set(made.columns) <= set(made.features)


def test_segments_are_assigned_and_recorded(world: World) -> None:
    found = tiercast.segment(world.source, cutoff=CUTOFF, clusters=3)
    assert list(found.assigned)[:2] == ["customer_id", "cutoff"]
    assert found.assigned["customer_id"].is_unique
    assert found.assigned["segment"].dropna().nunique() == 3
    assert found.run_id


@pytest.mark.parametrize(
    "reference",
    ["champion", "challenger", "2", "models:/tiercast-scorecard@champion", "models:/tiercast-scorecard/2"],
)
def test_a_version_is_loaded_by_any_of_its_names(world: World, reference: str) -> None:
    bundle = tiercast.load(reference)
    assert bundle.version == tiercast.load().version
    assert "open" not in repr(bundle)


def test_a_version_is_loaded_from_a_folder_without_any_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiercast.registry import Store, bundle_folder

    folder = bundle_folder(Store(world.uri, None), "champion")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    cards = tiercast.load(str(folder)).predict(world.touchpoints(SOME), cutoff=CUTOFF)
    assert cards["customer_id"].tolist() == SOME


def test_a_card_comes_as_a_mapping_or_as_itself_and_not_for_another_job() -> None:
    from tiercast.api import train_card

    card = TrainCard(job="train", source="x")
    assert train_card(card) is card
    assert train_card({"job": "train", "source": "x"}) == card
    with pytest.raises(CardError):
        train_card({"job": "score", "source": "x", "out": "y"})
    with pytest.raises((CardError, TypeError, AttributeError)):
        train_card(ScoreCard(job="score", source="x", out="y"))  # type: ignore[arg-type]
