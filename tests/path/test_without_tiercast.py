"""A product team's process: no ``tiercast``, modules of their own, champion and rule side by side, each as itself."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tiercast
from tests.path.world import CUTOFF, World

CONSUMER = """
    import sys, threading
    sys.path.insert(0, sys.argv[1])
    sys.path = [place for place in sys.path if not place.rstrip("/").endswith("src/models")]

    class NoTiercast:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "tiercast":
                raise ModuleNotFoundError("tiercast is not installed here")

    sys.meta_path.insert(0, NoTiercast())
    import models, bundle, contract
    import mlflow.pyfunc, pandas as pd

    rows = pd.read_parquet(sys.argv[3])
    truth = {name: pd.read_parquet(f"{sys.argv[1]}/{name}.parquet") for name in ("champion", "1")}

    def load(name):
        at = f"@{name}" if name == "champion" else f"/{name}"
        return mlflow.pyfunc.load_model(f"models:/tiercast-scorecard{at}")

    def ask(name, model):
        answer = model.predict(rows, params={"cutoff": sys.argv[4]})
        said = answer["expected_value_currency"].astype(float)
        assert set(answer["version"]) == set(truth[name]["version"]), name
        assert (said - truth[name]["expected_value_currency"]).abs().max() < 1e-9, name
        assert answer["customer_id"].tolist() == truth[name]["customer_id"].tolist(), name

    order = sys.argv[2].split(",")
    held = {name: load(name) for name in order}
    for name in [*order, *reversed(order)]:
        ask(name, held[name])

    wrong = []
    def work(name):
        try:
            ask(name, load(name))
            ask(name, held[name])
        except BaseException as fault:
            wrong.append(repr(fault))

    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work, args=(name,)) for name in [*order, *order]]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong, wrong
    assert models.MINE == bundle.MINE == contract.MINE == "mine"
    assert not [name for name in sys.modules if name.split(".")[0] == "tiercast"]
    print("each answered as itself")
"""


@pytest.mark.parametrize("order", ["champion,1", "1,champion"])
def test_champion_and_rule_answer_as_themselves_where_tiercast_is_not_installed(
    world: World, tmp_path: Path, order: str
) -> None:
    rows = world.touchpoints([f"c{number:04}" for number in range(6)])
    rows.to_parquet(tmp_path / "rows.parquet")
    for name in ("champion", "1"):
        answer = tiercast.load(name).predict(rows, cutoff=CUTOFF)
        answer[["customer_id", "version", "expected_value_currency"]].to_parquet(tmp_path / f"{name}.parquet")
    for name in ("models.py", "bundle.py", "contract.py", "refusals.py"):
        (tmp_path / name).write_text('MINE = "mine"\n', "utf-8")
    said = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", textwrap.dedent(CONSUMER),
         str(tmp_path), order, str(tmp_path / "rows.parquet"), CUTOFF.isoformat()],
        cwd=tmp_path,
        env={"MLFLOW_TRACKING_URI": world.uri, "OMP_NUM_THREADS": "1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-3000:]
    assert "each answered as itself" in said.stdout


def test_the_store_holds_nothing_that_is_pickled(trained_world: World) -> None:
    files = (path for path in (trained_world.root / "mlruns").rglob("*") if path.is_file())
    kept = [path for path in files if path.suffix not in {".pyc", ".db"} and path.name != ".opening"]
    names = {path.name for path in kept}
    assert {"features.sql", "parts.json", "MODEL_CARD.md", "MLmodel"} <= names
    assert not [
        path
        for path in kept
        if path.suffix in {".pkl", ".pickle", ".cloudpickle", ".joblib", ".dill", ".skops"}
    ]
    for path in kept:
        if path.suffix not in {".png", ".parquet"}:
            content = path.read_bytes()
            assert not content.startswith(b"\x80"), f"{path} looks pickled"
            content.decode("utf-8")  # everything else is text that a person can read
    for path in kept:
        if path.name == "MLmodel":
            assert "loader_module: mlflow.pyfunc.loaders.code_model" in path.read_text("utf-8")


def test_the_bundle_does_not_name_the_machine_that_trained_it(trained_world: World) -> None:
    for path in (trained_world.root / "mlruns" / "artifacts").rglob("parts.json"):
        for file in path.parent.rglob("*"):
            if file.is_file() and file.name != "MODEL_CARD.md" and file.name != "manifest.json":
                assert str(trained_world.root) not in file.read_text("utf-8")
