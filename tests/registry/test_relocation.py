"""A moved or copied store is repaired, once, and only where it must be."""

import shutil
from pathlib import Path

import pytest

from tests.registry.toy import toy_bundle
from tiercast.errors import StoreCorrupt, StoreUnreachable
from tiercast.registry import (
    Store,
    VersionInfo,
    bundle_folder,
    open_served,
    open_store,
    register_bundle,
    relocate,
    start_run,
)


def test_a_moved_folder_answers_again_after_relocation(
    store: Store,
    shop: Path,
    versions: tuple[VersionInfo, VersionInfo],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    home = tmp_path / "new home"
    shutil.copytree(shop / "mlruns", home / "mlruns")
    changed = relocate(home / "mlruns")
    assert set(changed) == {
        "experiments.artifact_location",
        "runs.artifact_uri",
        "logged_models.artifact_location",
        "model_versions.storage_location",
        "model_versions.source",
    }
    assert all(count > 0 for count in changed.values())
    assert set(relocate(home / "mlruns").values()) == {0}
    moved = open_store(home)
    folder = bundle_folder(moved)
    assert folder.is_relative_to(home)
    assert open_served(folder).number == 1.5
    assert bundle_folder(store).is_relative_to(shop)
    with start_run(moved, "toys", "after the move") as run:
        run.text("here", "note.txt")
        version = register_bundle(moved, toy_bundle(tmp_path / "3", "kiwi", 3.5), run_id=run.run_id)
    assert bundle_folder(moved, version.version).is_relative_to(home)
    assert not list(shop.rglob("note.txt"))


def test_a_folder_that_never_moved_is_left_alone(shop: Path, store: Store) -> None:
    assert set(relocate(shop / "mlruns").values()) == {0}


def test_a_folder_without_a_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match=r"no mlflow\.db"):
        relocate(tmp_path)
    (tmp_path / "mlflow.db").write_bytes(b"")
    with pytest.raises(StoreCorrupt):
        relocate(tmp_path)
