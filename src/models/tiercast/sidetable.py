"""A side table as it was read, and the days on which each of its rows was in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tiercast.serving.tables import ALWAYS, NEVER
from tiercast.sides import SIDES

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class SideTable:
    """A side table that was read: its rows, and what became of every row that came.

    Parameters
    ----------
    name : str
    frame : pandas.DataFrame
        Typed and plain: microseconds since 1970, money in major units; an attribute's column is ``attribute NAME``.
    attributes : mapping of str to str
        Further columns, with their kind: ``text``, ``number`` or ``time``.
    rows_read, rows_rejected, repeats : int
        ``repeats`` are accepted rows that say once more what another said.
    rejected : mapping of str to int
        Rows by code of :data:`tiercast.sides.REJECTIONS`.
    ignored : tuple of str
        Columns that nothing reads.
    open_kinds : mapping of str to tuple of str
        Attributes that came as text, and what else such a column may hold: see :mod:`tiercast.attribute_kinds`.
    """

    name: str
    frame: pd.DataFrame
    attributes: Mapping[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_rejected: int = 0
    repeats: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    open_kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, tuple[str, str]]:
        """What is told of each customer: the attribute's name, its column in the frame and its kind."""
        if not SIDES[self.name].attributes:
            return {}
        ours = {"birth_on": ("birth_on_us", "time"), "need_ends_on": ("need_ends_on_us", "time")}
        return ours | {name: (attribute_column(name), kind) for name, kind in self.attributes.items()}


def attribute_column(name: str) -> str:
    """Return the column of a frame that holds an attribute, which meets no other column whatever its name."""
    return f"attribute {name}"


def in_force(table: SideTable, key: list[str]) -> pd.DataFrame:
    """Return the rows of a dictionary with the days on which each was in force, one row a key and day.

    A row is in force from the later of when it holds and when that was known, until the next row of the same key is,
    or until it ends. What is learnt late about an older time than is known already changes nothing any more.
    ``from_day`` is included, ``until_day`` excluded.

    Examples
    --------
    >>> told = pd.DataFrame({"store_id": ["s", "s"], "region": ["north", "south"], "valid_from_us": [None, 864e8 * 5],
    ...                      "valid_until_us": [None, None], "known_us": [None, 864e8 * 9]})
    >>> in_force(SideTable("stores", told), ["store_id"])[["region", "from_day", "until_day"]].values.tolist()
    [['north', -33554432, 9], ['south', 9, 33554432]]
    """
    start, known = (moments(table.frame[name], ALWAYS) for name in ("valid_from_us", "known_us"))
    rows = table.frame.assign(from_day=np.maximum(start, known) // DAY_US, _start=start, _known=known)
    rows = rows.sort_values([*key, "from_day", "_start", "_known"], kind="stable", ignore_index=True)
    rows = rows[rows["_start"] >= rows.groupby(key, sort=False)["_start"].cummax()]
    rows = rows.drop_duplicates([*key, "from_day"], keep="last", ignore_index=True)
    following = rows.groupby(key, sort=False)["from_day"].shift(-1).fillna(NEVER).astype("int64")
    rows["until_day"] = np.minimum(following, moments(rows["valid_until_us"], NEVER) // DAY_US)
    return (
        rows[rows["until_day"] > rows["from_day"]].drop(columns=["_start", "_known"]).reset_index(drop=True)
    )


def days_of(micros: pd.Series, absent: int) -> np.ndarray:
    """Return whole days since 1970 of microseconds, ``absent`` where there are none."""
    return moments(micros, absent) // DAY_US


def moments(micros: pd.Series, absent_day: int) -> np.ndarray:
    """Return microseconds as whole numbers, those of ``absent_day`` where there are none."""
    told = micros.astype("float64").to_numpy()
    known = ~np.isnan(told)
    return np.where(known, np.where(known, told, 0.0).astype("int64"), absent_day * DAY_US)
