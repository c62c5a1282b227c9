"""Both engines, each opened once, for maps that must mean the same on either."""

from collections.abc import Iterator
from typing import Any

import pytest

from tiercast.engines.duckdb import DuckDBEngine


@pytest.fixture(scope="module")
def duck() -> Iterator[DuckDBEngine]:
    with DuckDBEngine(threads=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A local Spark; one that another test has opened is used, and left open."""
    from tiercast.engines.spark import SparkEngine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
        opened = SparkEngine()
    with opened:
        yield opened
