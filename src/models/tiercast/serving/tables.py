"""Tables: what the frozen text joins besides the touchpoints: cutoffs, the clock, vocabularies, the local calendar."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .peaks import PEAKS, calendar_of

BLOCK_S = 8 * 86_400
LAST_BLOCK = 6_000  # beyond 2100
ALWAYS, NEVER = -(2**25), 2**25
"""Days before and after everything."""


_WHEN = {"from_day": "whole", "until_day": "whole"}
SCHEMAS: dict[str, dict[str, str]] = {
    "vocabulary": {"field": "text", "term": "text", "code": "whole"},
    "channels": {"channel": "text"}
    | _WHEN
    | dict.fromkeys(("is_online", "is_push", "is_paid", "is_addressable", "cost_minor"), "whole"),
    "products": {"product_id": "text"}
    | _WHEN
    | {"category": "text", "days_per_unit_milli": "whole", "unit_cost_milli": "whole"},
    "stores": {"store_id": "text"} | _WHEN | {"region": "text", "zone_code": "whole"},
    "attributes": {"customer_id": "text", "attribute": "text"} | _WHEN | {"number": "number", "term": "text"},
    "assignments": {"customer_id": "text", "campaign_id": "text", "is_treated": "whole"}
    | {"day": "whole", "seen_day": "whole", "probability_permille": "whole"},
}
"""The tables and their columns; text, whole numbers that may be absent, or numbers."""
FROZEN = ("vocabulary", "channels", "products", "stores")
"""Dictionaries: they ship with a version. The others are about people and come with each history."""
TABLES = (*SCHEMAS, "calendar")
_TYPES: dict[str, Any] = {"text": "str", "whole": "Int64", "number": "float64"}


@dataclass(frozen=True)
class Tables:
    """What the text joins besides the touchpoints.

    Parameters
    ----------
    held : mapping of str to mapping of str to sequence
        Tables of :data:`SCHEMAS` by name, as columns; one that is left out is empty.
    zones : sequence of shifts
        The local calendars, by code: each a sequence of (second, seconds), from that UTC second on local time is that
        many seconds ahead; oldest first.
    peaks : sequence of str
        The days of the year that matter in this market, of :data:`~.peaks.PEAKS`.
    """

    held: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    zones: Sequence[Sequence[tuple[int, int]]] = (((0, 0),),)
    peaks: Sequence[str] = tuple(PEAKS)

    @property
    def frozen(self) -> tuple[str, ...]:
        """Names of the dictionaries and the calendar: what ships with a version."""
        return (*FROZEN, "calendar")

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {name: self.frame(name) for name in TABLES}

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a frame whose types are the same whatever it holds."""
        if name not in self._made:
            self._made[name] = self._calendar() if name == "calendar" else self._typed(name)
        return self._made[name]

    @cached_property
    def _made(self) -> dict[str, pd.DataFrame]:
        return {}

    def _typed(self, name: str) -> pd.DataFrame:
        held = self.held.get(name, {})
        return pd.DataFrame(
            {column: _typed(held.get(column, []), kind) for column, kind in SCHEMAS[name].items()}
        )

    def _calendar(self) -> pd.DataFrame:
        calendars = [calendar(shifts).assign(zone_code=code) for code, shifts in enumerate(self.zones)]
        return pd.concat(calendars, ignore_index=True)

    @property
    def vocabulary(self) -> list[tuple[str, str, int]]:
        """Rows (field, term, code): the open vocabularies that features speak of."""
        held = self.held.get("vocabulary", {})
        return list(zip(held.get("field", ()), held.get("term", ()), held.get("code", ()), strict=True))

    def with_(self, **more: Mapping[str, Any]) -> "Tables":
        """Return these tables with others beside or instead of them."""
        return Tables({**self.held, **more}, self.zones, self.peaks)

    def to_json(self) -> dict[str, Any]:
        """Return the dictionaries as plain JSON; tables about people are left out."""
        plain = {
            name: {column: _plain(cells) for column, cells in self.held[name].items()}
            for name in FROZEN
            if name in self.held
        }
        zones = [[list(shift) for shift in shifts] for shifts in self.zones]
        return {"held": plain, "zones": zones, "peaks": list(self.peaks)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Tables":
        """Return the tables that :meth:`to_json` wrote."""
        zones = tuple(
            tuple((int(second), int(shift)) for second, shift in shifts) for shifts in stored["zones"]
        )
        return cls(stored["held"], zones, tuple(stored["peaks"]))


def _typed(cells: Any, kind: str) -> pd.Series:
    if kind == "text":
        return pd.Series(cells, dtype=object).astype("str")
    return pd.Series(cells, dtype=object if isinstance(cells, list) else None).astype(_TYPES[kind])


def _plain(cells: Any) -> list[Any]:
    return [None if pd.isna(cell) else cell.item() if hasattr(cell, "item") else cell for cell in list(cells)]


def words_table(vocabulary: Sequence[tuple[str, str, int]]) -> dict[str, list[Any]]:
    """Return rows (field, term, code) as the columns of the table ``vocabulary``."""
    fields, terms, codes = zip(*vocabulary, strict=True) if vocabulary else ((), (), ())
    return {"field": list(fields), "term": list(terms), "code": list(codes)}


NO_TABLES = Tables()


def cutoff_table(days: Iterable[date], peaks: Sequence[str] = tuple(PEAKS)) -> pd.DataFrame:
    """Return the relation ``cutoffs``: each day once, as days since 1970, with what the calendar says of it."""
    return calendar_of(sorted(set(days)), peaks)


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
