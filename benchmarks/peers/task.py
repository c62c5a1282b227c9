"""What a contestant is asked to do, as a file that its process reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Task:
    """The same columns for everybody, of the same files, at the same cutoffs.

    Parameters
    ----------
    folder : str
        Its parquet files hold the touchpoints.
    cutoffs : sequence of str
        Days. Only we are asked for more than one.
    channels, categories : sequence of str
        The vocabularies, most frequent first.
    names : sequence of str
        The columns.
    text : str
        Our compiled SQL; the others have words of their own.
    tables : mapping
        What the text joins, as :meth:`tiercast.serving.tables.Tables.to_json` writes it.
    threads : int
    memory_limit : str, optional
    out : str
        Where the answer goes once the clock stands still; empty: it is dropped frame by frame.
    """

    folder: str
    cutoffs: Sequence[str]
    channels: Sequence[str] = ()
    categories: Sequence[str] = ()
    names: Sequence[str] = ()
    text: str = ""
    tables: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 2
    memory_limit: str | None = None
    out: str = ""

    @property
    def days(self) -> list[date]:
        """The cutoffs as dates."""
        return [date.fromisoformat(day) for day in self.cutoffs]

    @property
    def day(self) -> int:
        """The only cutoff, as days since 1970."""
        (only,) = self.days
        return (only - EPOCH).days

    def write(self, path: Path) -> None:
        """Write the task to a file."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Task":
        """Return the task that :meth:`write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
