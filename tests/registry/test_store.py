"""Where the store is, and how quickly and clearly a store that cannot be used says so."""

import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tiercast.errors import StoreCorrupt, StoreUnreachable
from tiercast.registry import Store, open_store, resolve_store


@pytest.fixture
def no_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_the_environment_always_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert resolve_store(tmp_path) == "http://tracking:5000"


def test_a_relative_address_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/mlflow.db")
    monkeypatch.chdir(tmp_path)
    assert resolve_store() == f"sqlite:///{tmp_path}/mlruns/mlflow.db"


@pytest.mark.usefixtures("no_uri")
def test_a_command_from_a_subfolder_finds_the_project_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert resolve_store() == f"sqlite:///{tmp_path}/mlruns/mlflow.db"


def test_importing_the_registry_imports_no_mlflow_and_sets_nothing(tmp_path: Path) -> None:
    code = """
        import os, sys
        before = dict(os.environ)
        import tiercast.registry
        assert "mlflow" not in sys.modules
        assert dict(os.environ) == before
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_artifacts_stay_beside_the_database(store: Store, shop: Path) -> None:
    assert store.artifact_root == shop / "mlruns" / "artifacts"
    places = [str(found.artifact_location) for found in store.client.search_experiments()]
    assert all(place.startswith(str(shop / "mlruns" / "artifacts")) for place in places)


@pytest.mark.parametrize("address", ["http", "postgresql"])
def test_a_closed_port_is_unreachable_within_seconds(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{address}://ann:secret@127.0.0.1:{port}")
        began = time.monotonic()
        with pytest.raises(StoreUnreachable) as refused:
            open_store()
    assert time.monotonic() - began < 10
    assert "secret" not in str(refused.value)


@pytest.fixture
def bad_gateway() -> Iterator[int]:
    """Answer every connection with status 503, on a port of the loopback."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with caller:
                caller.recv(4096)
                caller.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def test_a_server_that_is_ill_is_unreachable(monkeypatch: pytest.MonkeyPatch, bad_gateway: int) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{bad_gateway}")
    began = time.monotonic()
    with pytest.raises(StoreUnreachable, match="503"):
        open_store()
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("no_uri")
def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    place = tmp_path / "mlruns" / "mlflow.db"
    place.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreCorrupt, match="backup") as refused:
        open_store(tmp_path)
    assert refused.value.code == "STORE_CORRUPT"
    assert place.read_bytes().startswith(b"this is no")


@pytest.mark.usefixtures("no_uri")
def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    with closing(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db")) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
        other.commit()
    with pytest.raises(StoreCorrupt, match="not MLflow's"):
        open_store(tmp_path)


@pytest.mark.usefixtures("no_uri")
def test_a_damaged_database_is_corrupt(store: Store, shop: Path, tmp_path: Path) -> None:
    healthy = (shop / "mlruns" / "mlflow.db").read_bytes()
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(healthy[:100] + b"\x07" * (len(healthy) - 100))
    with pytest.raises(StoreCorrupt):
        open_store(tmp_path)


def test_a_plain_folder_is_no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path))
    with pytest.raises(StoreCorrupt, match="sqlite:///"):
        open_store()


def test_two_processes_may_begin_one_store_at_once(tmp_path: Path) -> None:
    code = """
        import sys
        from tiercast.registry import open_store, record_run, start_run
        store = open_store(sys.argv[1])
        with start_run(store, "both", sys.argv[2]) as run:
            for number in range(20):
                record_run(store, "both", f"{sys.argv[2]} {number}", parent=run, metrics={"n": number})
    """
    arguments = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), str(tmp_path)]
    environment = {"PATH": "", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    both = [subprocess.Popen([*arguments, word], env=environment) for word in ("one", "two")]
    assert [process.wait(120) for process in both] == [0, 0]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        store = open_store(tmp_path)
    found = store.client.search_runs([store.experiment_id("both")], max_results=1000)
    assert len(found) == 42
    assert {run.info.status for run in found} == {"FINISHED"}
