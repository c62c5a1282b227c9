"""One DuckDB for all tests of features; attaching another history replaces the one before."""

from collections.abc import Iterator

import pytest

from tiercast.engines.duckdb import DuckDBEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened
