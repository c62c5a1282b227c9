"""What the tests of sources share: one PostgreSQL for all tests of a process."""

import os
from collections.abc import Iterator

import pytest

from tests.sources.postgres_server import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running cluster."""
    with running() as started:
        yield started


@pytest.fixture
def shop(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The cluster with an empty database, and nothing around it that says where else to look."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    server.run("DROP SCHEMA IF EXISTS public CASCADE", "CREATE SCHEMA public")
    yield server
    server.run("DROP SCHEMA IF EXISTS archive CASCADE")
