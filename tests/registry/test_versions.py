"""Versions, aliases and lineage; each version answers as itself, wherever and however it is loaded."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.registry.toy import toy_bundle
from tiercast.errors import NoChampion, StoreCorrupt
from tiercast.registry import (
    Store,
    VersionInfo,
    bundle_folder,
    bundle_hash,
    champion,
    clear_alias,
    find_version,
    list_versions,
    model_folder,
    open_served,
    register_bundle,
    set_alias,
    tag_version,
)

ROWS = pd.DataFrame(
    [
        {
            "customer_id": "c1",
            "occurred_at": "2025-01-01",
            "kind": "purchase",
            "channel": "store",
            "amount": 1.0,
        }
    ]
)
PAIR = tuple[VersionInfo, VersionInfo]


def test_aliases_say_who_is_who(store: Store, versions: PAIR) -> None:
    apple, pear = versions
    in_charge = champion(store)
    assert in_charge is not None
    assert in_charge.version == apple.version
    assert in_charge.aliases == ("champion",)
    for reference in (
        "challenger",
        pear.version,
        str(pear.version),
        pear.uri,
        f"models:/{pear.name}@challenger",
    ):
        assert find_version(store, reference) == pear
    assert [version.version for version in list_versions(store)] == [apple.version, pear.version]
    assert list_versions(store)[0].aliases == ("champion",)


def test_a_version_knows_its_run_and_tags(store: Store, versions: PAIR) -> None:
    assert versions[0].run_id == versions[1].run_id
    assert versions[0].tags["word"] == "apple"
    tag_version(store, versions[0].version, {"promoted_because": "beats the rule"})
    found = find_version(store, versions[0].version)
    assert found is not None
    assert found.tags["promoted_because"] == "beats the rule"
    assert versions[0].run_id is not None
    outputs = store.client.get_run(versions[0].run_id).outputs
    assert len(outputs.model_outputs) == 2


def test_nothing_registered_is_none_and_then_an_error_with_advice(store: Store) -> None:
    assert champion(store, name="nobody") is None
    assert list_versions(store, name="nobody") == []
    assert find_version(store, 99) is None
    with pytest.raises(NoChampion, match="tiercast train"):
        bundle_folder(store, name="nobody")


def test_an_alias_moves_and_goes(store: Store, versions: PAIR, tmp_path: Path) -> None:
    name = "moving"
    first = register_bundle(store, toy_bundle(tmp_path / "1", "fig", 1), name=name, aliases=["champion"])
    second = register_bundle(store, toy_bundle(tmp_path / "2", "fig", 2), name=name)
    assert (first.version, second.version, second.aliases) == (1, 2, ())
    set_alias(store, "champion", 2, name=name)
    moved = champion(store, name=name)
    assert moved is not None
    assert moved.version == 2
    clear_alias(store, "champion", name=name)
    assert champion(store, name=name) is None


def test_a_bundle_is_found_by_alias_version_and_path(store: Store, versions: PAIR) -> None:
    folder = bundle_folder(store, "challenger")
    assert folder == bundle_folder(store, versions[1].version) == bundle_folder(store, str(folder))
    assert folder == bundle_folder(store, str(model_folder(store, "challenger")))
    assert open_served(folder).predict(ROWS, cutoff="2025-02-01")["word"].tolist() == ["pear"]


def test_files_that_are_gone_are_told(store: Store, tmp_path: Path) -> None:
    register_bundle(store, toy_bundle(tmp_path, "plum", 1), name="gone", aliases=["champion"])
    model_folder(store, name="gone").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreCorrupt, match="tiercast relocate"):
        bundle_folder(store, name="gone")


def test_registering_leaves_mlflows_global_address_alone(
    store: Store, versions: PAIR, tmp_path: Path
) -> None:
    before = (os.environ.get("MLFLOW_TRACKING_URI"), mlflow.get_tracking_uri())
    register_bundle(store, toy_bundle(tmp_path, "lime", 1), name="quiet")
    assert (os.environ.get("MLFLOW_TRACKING_URI"), mlflow.get_tracking_uri()) == before
    assert mlflow.active_run() is None


def test_a_registered_model_pins_what_it_needs_and_names_no_folder_of_ours(
    store: Store, versions: PAIR
) -> None:
    folder = model_folder(store)
    pinned = (folder / "requirements.txt").read_text("utf-8").split()
    assert sorted(line.split("==")[0] for line in pinned) == [
        "duckdb", "lightgbm", "mlflow", "numpy", "pandas", "pyarrow", "scipy",
    ]  # fmt: skip
    described = (folder / "MLmodel").read_text("utf-8")
    assert "tiercast/serving" not in described
    assert str(Path.home() / "") not in described or str(Path.home()) == "/"
    loaded = mlflow.models.Model.load(str(folder))
    assert loaded.get_input_schema() is None
    assert {param.name: param.default for param in loaded.get_params_schema().params} == {
        "cutoff": "", "policy": "", "language": "en", "rejected": "refuse",
    }  # fmt: skip


def test_the_store_holds_no_pickle(store: Store, versions: PAIR) -> None:
    assert store.artifact_root is not None
    kept = [path for path in store.artifact_root.rglob("*") if path.is_file()]
    assert len(kept) > 10
    for path in kept:
        assert path.suffix not in (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill")
        content = path.read_bytes()
        assert not content.startswith((b"\x80\x03", b"\x80\x04", b"\x80\x05"))
        if path.name != "MLmodel":  # which notes the version of cloudpickle, whether it was used or not
            assert b"pickle" not in content
            assert b"joblib" not in content


def test_a_bundle_in_the_store_is_the_one_that_was_staged(
    store: Store, versions: PAIR, tmp_path: Path
) -> None:
    assert bundle_hash(bundle_folder(store)) == bundle_hash(toy_bundle(tmp_path, "apple", 1.5))


CONSUMER = """
    import sys, threading
    sys.path.insert(0, sys.argv[1])

    class NoTiercast:
        def find_spec(self, name, path=None, target=None):
            if name == "tiercast" or name.startswith("tiercast."):
                raise ImportError("tiercast is not installed here")

    sys.meta_path.insert(0, NoTiercast())
    import models, errors
    import mlflow.pyfunc, pandas as pd

    ROWS = pd.DataFrame([{"customer_id": "c1", "occurred_at": "2025-01-01", "kind": "visit", "channel": "web"}])
    WORDS = {"champion": "apple", "challenger": "pear"}
    NUMBERS = {"champion": 1.5, "challenger": 2.5}

    def load(alias):
        return mlflow.pyfunc.load_model(f"models:/tiercast-scorecard@{alias}")

    def ask(alias, model):
        answer = model.predict(ROWS, params={"cutoff": "2025-02-01"}).iloc[0]
        assert (answer["word"], answer["number"]) == (WORDS[alias], NUMBERS[alias]), (alias, answer.to_dict())

    order = sys.argv[2].split(",")
    held = {alias: load(alias) for alias in order}
    for alias in [*order, *reversed(order)]:
        ask(alias, held[alias])

    wrong = []
    def work(alias):
        try:
            for _ in range(6):
                ask(alias, load(alias))
                ask(alias, held[alias])
        except BaseException as fault:
            wrong.append(repr(fault))

    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=work, args=(alias,)) for alias in [*order, *order]]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong, wrong
    assert models.MINE == "mine" and errors.MINE == "mine"
    assert "tiercast" not in sys.modules
    assert not any("served" in place or "bundle" in place for place in sys.path)
    print("each answered as itself")
"""


@pytest.mark.parametrize("order", ["champion,challenger", "challenger,champion"])
def test_a_process_without_tiercast_loads_both_and_each_answers_as_itself(
    store: Store, versions: PAIR, tmp_path: Path, order: str
) -> None:
    for name in ("models.py", "errors.py", "bundle.py", "intake.py"):
        (tmp_path / name).write_text('MINE = "mine"\n', "utf-8")
    environment = {"MLFLOW_TRACKING_URI": store.uri, "OMP_NUM_THREADS": "1", "PATH": os.environ["PATH"]}
    said = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", textwrap.dedent(CONSUMER), str(tmp_path), order],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-3000:]
    assert "each answered as itself" in said.stdout
