"""What every test gets: a tracking store of its own, one thread a process, and Spark only where Java is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.path.world import World, shared_folder, the_world

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
# Java's second compiler would cost more than it saves in so short a life
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

LEAST_JAVA = 17


@pytest.fixture(autouse=True, scope="session")
def _no_test_writes_to_your_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Point MLflow at a folder that goes away; a test of the default store unsets the variable itself."""
    folder = tmp_path_factory.mktemp("mlruns")
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="session")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the small world with its trained store, built once a run; see ``tests/path/world.py``."""
    return the_world(shared_folder(tmp_path_factory))


@pytest.fixture
def world(trained_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the small world, its store being the one in use."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
    return trained_world


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """One local Spark for all tests of a process; a test that opens an engine of its own is given the same Java."""
    from tiercast.engines.spark import SparkEngine

    with SparkEngine() as opened:
        yield opened
    opened._session.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the Spark tests, with a reason, where they cannot run; where they can they come first, side by side.

    Of several processes the first is given the beginning of the list, and others take from its end: so one Java is
    started and warmed, and not one in each of them.
    """
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)
    needing_spark = [item for item in items if item.get_closest_marker("spark")]
    reason = _why_no_spark() if needing_spark else None
    if reason:
        for item in needing_spark:
            item.add_marker(pytest.mark.skip(reason=reason))


@cache
def _why_no_spark() -> str | None:
    if find_spec("pyspark") is None:
        return "the spark extra is not installed"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if not java or not Path(java).exists():
        return f"Java is not installed; Spark needs {LEAST_JAVA} or newer"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if not found or int(found.group(1)) < LEAST_JAVA:
        return f"Spark needs Java {LEAST_JAVA} or newer; found: {said.splitlines()[0] if said else 'none that runs'}"
    return None
