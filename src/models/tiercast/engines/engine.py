"""What an engine can do, whoever runs the SQL: hold one history, run texts over it, tell what it did not accept."""

from collections.abc import Iterable, Iterator
from datetime import date
from types import TracebackType
from typing import Protocol, Self

import pandas as pd

from tiercast.schema import History
from tiercast.serving.tables import NO_TABLES, Tables


class Engine(Protocol):
    """Runs texts over one history; a context manager. The same text gives the same cells on every engine.

    ``columns`` are those that came with the attached history, also ones that no contract names.
    """

    name: str
    columns: list[str]

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def attach(self, touchpoints: History) -> None:
        """Make the history readable as ``touchpoints``."""

    def look_at(self, touchpoints: History) -> dict[str, str]:
        """Make its rows readable as ``original``, as they are; return their columns with this engine's types."""
        ...

    def excluded(self) -> dict[str, int]:
        """Return how many rows of the attached history its map excludes, by reason."""
        ...

    def repeats(self, contract: str) -> int:
        """Return how many accepted rows of the attached history repeat another in every column of theirs."""
        ...

    def rejected(self, contract: str) -> pd.DataFrame:
        """Return every row of the attached history that was not accepted, as it came, after its ``verdict``."""
        ...

    def run(
        self,
        text: str,
        *,
        cutoffs: Iterable[date] = (),
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
    ) -> pd.DataFrame:
        """Run a text over the attached history; see :func:`tiercast.serving.history.run`."""
        ...

    def frames(
        self,
        text: str,
        *,
        cutoffs: Iterable[date],
        tables: Tables = NO_TABLES,
        now_s: int | None = None,
        buckets: int | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Run a text that the compiler wrote, part by part: all frames together are what :meth:`run` returns."""
        ...
