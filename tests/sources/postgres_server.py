"""A real PostgreSQL for the tests: a cluster of its own on a Unix socket, started when first needed, gone afterwards.

Its settings are chosen to trip a reader who relies on them: another time zone, another order of day and month, and
floating-point numbers cut short.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.schema import History
from tiercast.serving.refusals import Refused
from tiercast.sources.opening import open_source

MANY = (
    "SELECT g::text AS customer_id, now() AS occurred_at, repeat('x', 100) AS kind, 'web' AS channel"
    " FROM generate_series(1, {}) AS g"
)
ROW = "'a' AS customer_id, timestamptz '2024-01-01 12:00Z' AS occurred_at, 'visit' AS kind, 'web' AS channel"
OWNERS = ("postgres", "nobody")
HBA = "local all locked scram-sha-256\nlocal all all trust\n"
SETTINGS = {
    "autovacuum": "off",
    "datestyle": "SQL, DMY",
    "extra_float_digits": "-5",
    "fsync": "off",
    "jit": "off",
    "listen_addresses": "",
    "log_destination": "stderr",
    "max_connections": "20",
    "shared_buffers": "16MB",
    "timezone": "Asia/Kolkata",
}


@dataclass(frozen=True)
class Server:
    """A running cluster; every user but ``locked`` gets in without a password."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    def address(self, *words: str, user: str = "shop", database: str = "postgres") -> str:
        """Return where it is, as ``postgres:`` takes it before the ``#``."""
        return " ".join([f"host={self.folder} user={user} dbname={database}", *words])

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements, each on its own, and return the rows of the last."""
        import psycopg

        with psycopg.connect(self.address(database=database), autocommit=True) as connection:
            for statement in statements:
                done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def copy_in(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows of Python values to a table."""
        import psycopg

        with (
            psycopg.connect(self.address(), autocommit=True) as connection,
            connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def readers(self) -> list[int]:
        """Return the processes that serve connections of tiercast."""
        asked = "SELECT pid FROM pg_stat_activity WHERE application_name = 'tiercast'"
        return [pid for (pid,) in self.run(asked)]

    def kill(self) -> None:
        """Kill the server and whoever reads from it, as a power cut would."""
        readers = self.readers()
        for pid in (self.process.pid, *readers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def running() -> Iterator[Server]:
    """Make a cluster, start it, and remove it; skip the test where PostgreSQL or its driver is not installed."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    place = Path("/tmp")  # a socket's path must be short, and its folder open to the cluster's owner
    folder = Path(tempfile.mkdtemp(prefix="tiercast-pg-", dir=place if os.access(place, os.W_OK) else None))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to be root
        owner = _owner()
        shutil.chown(folder, owner)
        who = {"user": owner, "group": _group(owner), "extra_groups": []}
    try:
        data = str(folder / "data")
        made = subprocess.run(
            [_program("initdb"), "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True, text=True, check=False, cwd=folder, **who,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        (folder / "data" / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_program("postgres"), "-D", data, "-k", str(folder), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True, **who,
            )  # fmt: skip
        try:
            server = Server(folder, process)
            _wait(server)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def why_not() -> str | None:
    """Return why no server can be started here, if none can."""
    if find_spec("psycopg") is None:
        return "the postgres extra is not installed"
    if not _program("initdb") or not _program("postgres"):
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and not _owner():
        return f"PostgreSQL refuses to run as root, and there is no user {' or '.join(OWNERS)}"
    return None


def _program(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(place) for place in places), "")


def _owner() -> str:
    import pwd

    known = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in OWNERS if name in known), "")


def _group(owner: str) -> int:
    import pwd

    return pwd.getpwnam(owner).pw_gid


def _wait(server: Server) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.folder / "log").read_text("utf-8", "replace")[-3000:]) from None
            time.sleep(0.05)
        else:
            return


def opened(server: Server, what: str, *words: str) -> History:
    return open_source(f"postgres:{server.address(*words)}#{what}")


def read(server: Server, what: str) -> pd.DataFrame:
    """Return what arrives, before the contract looks at it."""
    reader = opened(server, what).batches
    assert reader is not None
    return reader().read_all().to_pandas()


def seen(server: Server, what: str) -> pd.DataFrame:
    """Return what the contract makes of it."""
    with DuckDBEngine(threads=1) as engine:
        engine.attach(opened(server, what))
        return engine.run("SELECT * FROM touchpoints")


def refused(server: Server, what: str, *words: str) -> Refused:
    with pytest.raises(Refused) as told, DuckDBEngine(threads=1) as engine:
        engine.attach(opened(server, what, *words))
    return told.value
