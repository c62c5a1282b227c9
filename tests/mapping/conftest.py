"""One DuckDB for the tests of a file; the Spark beside it is that of all tests."""

from collections.abc import Iterator

import pytest

from tiercast.engines.duckdb import DuckDBEngine


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened
