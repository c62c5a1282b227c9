"""Tables: what the frozen text joins besides the touchpoints: cutoffs, the clock, vocabularies, the local calendar."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

EPOCH = date(1970, 1, 1)
BLOCK_S = 8 * 86_400
LAST_BLOCK = 6_000  # beyond 2100


@dataclass(frozen=True)
class Tables:
    """What is joined and frozen with a version.

    Parameters
    ----------
    vocabulary : sequence of (field, term, code)
        Open vocabularies: the categories, channels and kinds that features speak of.
    shifts : sequence of (second, seconds)
        The local calendar: from a UTC second on, local time is that many seconds ahead; oldest first.
    """

    vocabulary: Sequence[tuple[str, str, int]] = ()
    shifts: Sequence[tuple[int, int]] = field(default=((0, 0),))

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name, as frames whose types are the same whatever they hold."""
        fields, terms, codes = (
            (list(part) for part in zip(*self.vocabulary, strict=True)) if self.vocabulary else ([], [], [])
        )
        return {
            "vocabulary": pd.DataFrame(
                {
                    "field": pd.Series(fields, dtype=object).astype("str"),
                    "term": pd.Series(terms, dtype=object).astype("str"),
                    "code": pd.Series(codes, dtype="int64"),
                }
            ),
            "calendar": calendar(self.shifts),
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"vocabulary": [list(row) for row in self.vocabulary], "shifts": [list(row) for row in self.shifts]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Tables":
        """Return the tables that :meth:`to_json` wrote."""
        return cls(
            vocabulary=tuple((str(field), str(term), int(code)) for field, term, code in stored["vocabulary"]),
            shifts=tuple((int(second), int(shift)) for second, shift in stored["shifts"]),
        )


NO_TABLES = Tables()


def cutoff_table(days: Iterable[date]) -> pd.DataFrame:
    """Return the relation ``cutoffs``: each day once, as days since 1970."""
    return pd.DataFrame({"cutoff_day": pd.Series(sorted({(day - EPOCH).days for day in days}), dtype="int64")})


def clock_table(now_s: int | None = None) -> pd.DataFrame:
    """Return the relation ``clock``: one row, the second after which a row is in the future; default is now."""
    return pd.DataFrame({"now_s": pd.Series([int(time.time()) if now_s is None else now_s], dtype="int64")})


def calendar(shifts: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return the local calendar by blocks of eight days, in each of which a zone changes its clock at most once.

    Returns
    -------
    pandas.DataFrame
        ``block`` (whole eight-day blocks since 1970, to 2100), ``switch_s`` (UTC second of the change, or the end of the
        block), ``shift_s`` and ``shift_after_s`` (seconds that local time is ahead of UTC before and after it).

    Examples
    --------
    >>> calendar([(0, 3600), (700_000, 7200)]).head(3).values.tolist()
    [[0, 691200, 3600, 3600], [1, 700000, 3600, 7200], [2, 2073600, 7200, 7200]]
    """
    starts = np.array([second for second, _ in shifts], dtype="int64")
    ahead = np.array([shift for _, shift in shifts], dtype="int64")
    blocks = np.arange(LAST_BLOCK, dtype="int64")
    first, end = blocks * BLOCK_S, (blocks + 1) * BLOCK_S
    before = np.maximum(np.searchsorted(starts, first, side="right") - 1, 0)
    after = np.maximum(np.searchsorted(starts, end - 1, side="right") - 1, 0)
    switch = np.where(after > before, starts[after], end)
    return pd.DataFrame(
        {"block": blocks, "switch_s": switch, "shift_s": ahead[before], "shift_after_s": ahead[after]}
    )

