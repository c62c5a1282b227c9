"""A landing folder in which files arrive, a store beside it, and one engine for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tiercast.engines.duckdb import DuckDBEngine

HEAD = "customer_id,occurred_at,kind,channel,amount,event_id\n"


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    place = tmp_path / "landing"
    place.mkdir()
    return place


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


def arrives(landing: Path, name: str, *lines: str) -> Path:
    """Write a CSV file of these lines into the landing folder."""
    place = landing / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(HEAD + "".join(f"{line}\n" for line in lines), "utf-8")
    return place
